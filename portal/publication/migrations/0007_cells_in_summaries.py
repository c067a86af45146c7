"""Summaries tell how each cell is defined, so that a series of versions need not read every result."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from benchmarks.disclosure import GateResult
from portal.publication.shapes import summary_json


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    for row in apps.get_model("publication", "Publication").objects.only("gate", "summary").iterator(chunk_size=50):
        row.summary = summary_json(GateResult.from_json(row.gate))
        row.save(update_fields=["summary"])


class Migration(migrations.Migration):
    dependencies = [("publication", "0006_logged_values")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
