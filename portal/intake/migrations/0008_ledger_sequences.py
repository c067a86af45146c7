"""A number of a site's ledger is used once. Where one was used twice before that was refused, the first report keeps it."""

from typing import Any

from django.db import migrations, models
from django.db.models import Exists, OuterRef


def clear_repeated(apps: Any, _schema_editor: Any) -> None:
    Submission = apps.get_model("intake", "Submission")
    earlier = Submission.objects.filter(
        site=OuterRef("site"), ledger_sequence=OuterRef("ledger_sequence"), log_index__lt=OuterRef("log_index")
    )
    repeated = list(Submission.objects.filter(Exists(earlier)).values_list("pk", flat=True))
    Submission.objects.filter(pk__in=repeated).update(ledger_sequence=None)


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0007_covered_steps"),
    ]

    operations = [
        migrations.AddField(model_name="commitment", name="sequence", field=models.PositiveBigIntegerField(null=True)),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.UniqueConstraint(fields=("site", "sequence"), name="one_commitment_a_ledger_sequence"),
        ),
        migrations.AlterField(model_name="submission", name="ledger_sequence", field=models.PositiveBigIntegerField(null=True)),
        migrations.RunPython(clear_repeated, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("site", "ledger_sequence"), name="one_envelope_a_ledger_sequence"),
        ),
    ]
