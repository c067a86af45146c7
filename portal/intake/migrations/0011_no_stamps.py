"""Triggers renewed stamps by which a process remembered who took part. Pages ask the tables now."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def drop_triggers(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION IF EXISTS intake_stamp_sites, intake_stamp_periods CASCADE")
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_stamps\\_%' ESCAPE '\\'")
        triggers = [name for (name,) in cursor.fetchall()]
    for name in triggers:
        editor.execute(f"DROP TRIGGER {editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [("intake", "0010_pack_version_of_reports")]

    operations = [
        migrations.RunPython(drop_triggers, migrations.RunPython.noop),
        migrations.DeleteModel("Stamp"),
    ]
