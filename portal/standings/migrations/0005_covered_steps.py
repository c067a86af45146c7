"""Reports that were accepted before their row told which steps they cover are told now, from their values."""

from collections import defaultdict

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

AT_ONCE = 1_000


def tell(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    steps: defaultdict[int, set[str]] = defaultdict(set)
    values = apps.get_model("standings", "ProtectedValue").objects.order_by().values_list("submission_id", "step").distinct()
    for report, step in values.iterator():
        steps[report].add(step)
    reports: defaultdict[str, list[int]] = defaultdict(list)
    for report, covered in steps.items():
        reports[" ".join(sorted(covered))].append(report)
    rows = apps.get_model("intake", "Submission").objects
    for covers, those in reports.items():
        for start in range(0, len(those), AT_ONCE):
            rows.filter(pk__in=those[start : start + AT_ONCE]).update(covers=covers)


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0007_covered_steps"),
        ("standings", "0004_naming_choices"),
    ]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
