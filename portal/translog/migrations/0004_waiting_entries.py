"""Entries that wait for their number."""

import django.core.validators
from django.db import migrations, models

import portal.translog.models


class Migration(migrations.Migration):
    dependencies = [("translog", "0003_logrestart")]

    operations = [
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=portal.translog.models.kinds, max_length=32)),
                (
                    "digest",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("^[0-9a-f]{64}\\Z", "64 hexadecimal digits, lower case.")],
                    ),
                ),
            ],
        )
    ]
