        ('sharing_certificate', format(of_site, of_report, 'false')),
        ('sharing_share', format(of_site, of_report, 'false')),
