"""A standing holds the interval of the percentile among all firms of the kind; those computed before get it with the next draft."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("standings", "0006_months_of_a_value")]

    operations = [
        migrations.AddField(model_name="standing", name="score_low", field=models.PositiveSmallIntegerField(null=True)),
        migrations.AddField(model_name="standing", name="score_high", field=models.PositiveSmallIntegerField(null=True)),
    ]
