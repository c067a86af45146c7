"""Columns that lists read instead of the whole result, filled for what is already there; and who holds an address without a jurisdiction."""

from collections import Counter

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from benchmarks.disclosure import GateResult
from benchmarks.wire import published
from portal.publication.shapes import summary_json


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    publications = apps.get_model("publication", "Publication").objects
    addressed = ("period__peer_group__pack", "period__peer_group__route", "period__name")
    public = publications.exclude(status="draft")
    of_groups = set(public.values_list(*addressed, "period__peer_group__scope"))
    alike = Counter((pack, route, period) for pack, route, period, _scope in of_groups)
    for row in publications.select_related("period__peer_group").defer("label", "roster").iterator(chunk_size=50):
        row.summary = summary_json(GateResult.from_json(row.gate))
        row.digest = published.digest(row.document).hex() if row.document else ""
        group = row.period.peer_group
        row.first_at_its_address = row.status != "draft" and alike[group.pack, group.route, row.period.name] == 1
        row.save(update_fields=["summary", "digest", "first_at_its_address"])


class Migration(migrations.Migration):
    dependencies = [("publication", "0003_logged_acts")]

    operations = [
        migrations.AddField("publication", "summary", models.JSONField(default=dict)),
        migrations.AddField("publication", "digest", models.CharField(blank=True, max_length=64)),
        migrations.AddField("publication", "first_at_its_address", models.BooleanField(default=False)),
        migrations.AddIndex(
            "publication", models.Index(fields=["status", "published_at", "withdrawn_at"], name="publication_states")
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
