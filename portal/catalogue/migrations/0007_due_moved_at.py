"""When a regulator last moved the day of a period. Of days that were moved before, the audit record says it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """From the newest event by which a period of that pack and name has the day that it has now: until here only regulators wrote them."""
    database, zone = schema_editor.connection.alias, ZoneInfo(settings.TIME_ZONE)
    events = apps.get_model("auditlog", "Event").objects.using(database).filter(action="period.due-changed")
    periods = apps.get_model("catalogue", "ReportingPeriod").objects.using(database)
    for period in periods.select_related("peer_group"):
        day = (period.due.astimezone(zone) - timedelta(microseconds=1)).date()
        subject = f"period {period.peer_group.pack}/{period.name}"
        moved = events.filter(subject=subject, detail__endswith=f" to {day.isoformat()}").order_by("pk").last()
        if moved is not None:
            periods.filter(pk=period.pk).update(due_moved_at=moved.at)


class Migration(migrations.Migration):

    dependencies = [
        ('auditlog', '0001_squashed_0003_actions_by_name'),
        ('catalogue', '0006_obliged_when_closed'),
    ]

    operations = [
        migrations.AddField(
            model_name='reportingperiod',
            name='due_moved_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
