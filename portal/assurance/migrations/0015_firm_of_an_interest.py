"""The controlling firm and the enterprise that a declaration was made of: neither an enterprise that is sold nor a site takes an interest along.

What was declared before takes today's way, from the site by its enterprise. The table is append-only even for its owner, so that the right
to fill the new columns is given for this statement alone.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE assurance_interestdeclaration SET firm_id = organisation.controlling_firm_id, organisation_id = organisation.id
FROM assurance_assignment AS assignment
JOIN accounts_site AS site ON site.id = assignment.site_id
JOIN accounts_organisation AS organisation ON organisation.id = site.organisation_id
WHERE assignment.id = assurance_interestdeclaration.assignment_id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    has_rights = schema_editor.connection.vendor == "postgresql"  # a demo's file of SQLite knows none
    if has_rights:
        schema_editor.execute("GRANT UPDATE (firm_id, organisation_id) ON assurance_interestdeclaration TO CURRENT_USER")
    schema_editor.execute(FILL)
    if has_rights:
        schema_editor.execute("REVOKE UPDATE (firm_id, organisation_id) ON assurance_interestdeclaration FROM CURRENT_USER")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_site_since'),
        ('assurance', '0014_promises_given_up'),
    ]

    operations = [
        migrations.AddField(
            model_name='interestdeclaration',
            name='firm',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.controllingfirm'),
        ),
        migrations.AddField(
            model_name='interestdeclaration',
            name='organisation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
