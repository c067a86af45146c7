"""A promise may be given up, and another be made beside it.

The index that lets one promise wait is made anew for fewer rows. That only widens what may be written, so processes of the last release go on;
Django would say it by taking the constraint away.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ONE_WAITS = 'CREATE UNIQUE INDEX one_promise_waits_an_engagement ON assurance_sample (assignment_id) WHERE draw IS NULL{more}'
NONE = 'DROP INDEX one_promise_waits_an_engagement'


class Migration(migrations.Migration):

    dependencies = [
        ('assurance', '0013_corrected_incentives'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='sample',
            name='given_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='given_up_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sample',
            name='given_up_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=1000),
        ),
        migrations.RunSQL(
            sql=[NONE, ONE_WAITS.format(more=' AND given_up_at IS NULL')],
            reverse_sql=[NONE, ONE_WAITS.format(more='')],
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='sample',
                    name='one_promise_waits_an_engagement',
                ),
                migrations.AddConstraint(
                    model_name='sample',
                    constraint=models.UniqueConstraint(condition=models.Q(('draw__isnull', True), ('given_up_at__isnull', True)), fields=('assignment',), name='one_promise_waits_an_engagement'),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(('given_up_at__isnull', True), models.Q(('draw__isnull', True), models.Q(('given_up_reason', ''), _negated=True)), _connector='OR'), name='given_up_undrawn_for_a_reason'),
        ),
    ]
