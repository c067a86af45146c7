        ('programmes_declaration', format(of_site, 'site_id', 'false')),
