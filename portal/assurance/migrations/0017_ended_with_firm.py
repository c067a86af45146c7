"""Engagements that ended with the firm say so: one that ended as the site changed hands was taken back by nobody, too.

Before, only those of firms that left had ended so; with each the others at its site that had been taken back before.
"""

from django.db import migrations, models

FILL = """
UPDATE assurance_assignment SET ended_with_firm = TRUE
WHERE site_id IN (SELECT site_id FROM assurance_assignment WHERE taken_back_at IS NOT NULL AND taken_back_by_id IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('assurance', '0016_taken_back_by_nobody'),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='ended_with_firm',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(sql=FILL, reverse_sql=migrations.RunSQL.noop),
    ]
