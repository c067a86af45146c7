"""A label may tell of fewer months than its time has: how many is kept beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("standings", "0005_covered_steps")]

    operations = [
        migrations.AddField(
            model_name="protectedvalue",
            name="months",
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
