from django.db import migrations


class Migration(migrations.Migration):
    """The log is `portal.translog` now, which has taken every entry over."""

    dependencies = [("intake", "0002_commitments"), ("translog", "0001_initial")]

    operations = [migrations.DeleteModel(name="LogEntry"), migrations.DeleteModel(name="LogHead")]
