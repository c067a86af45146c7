        ('partners_delivery', format(of_site, 'site_id', 'false') || ' OR supplier_id IN (SELECT wall_organisations(''energy-supplier''))'),
