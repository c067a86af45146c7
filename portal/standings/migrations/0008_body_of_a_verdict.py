"""The certification body of a verdict: one that was renamed since is counted once. Those written before take it from their statement."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE standings_verdict SET certification_body_id = statement.body_id
FROM assurance_attestation AS statement
WHERE statement.digest = standings_verdict.attestation
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_site_since'),
        ('assurance', '0014_promises_given_up'),
        ('standings', '0007_scores'),
    ]

    operations = [
        migrations.AddField(
            model_name='verdict',
            name='certification_body',
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'
            ),
        ),
        migrations.RunSQL(sql=FILL, reverse_sql=migrations.RunSQL.noop),
    ]
