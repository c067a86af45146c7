import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Declaration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('programme', models.CharField(max_length=60)),
                ('criterion', models.CharField(max_length=60)),
                ('value', models.CharField(blank=True, max_length=200)),
                ('paper', models.CharField(blank=True, max_length=200)),
                ('evidence', models.CharField(blank=True, max_length=64, validators=[django.core.validators.RegexValidator('^[0-9a-f]{64}\\Z', '64 hexadecimal digits, lower case.')])),
                ('declared_at', models.DateTimeField()),
                ('declared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='accounts.site')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Incentive',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(max_length=120)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('evidence', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[0-9a-f]{64}\\Z', '64 hexadecimal digits, lower case.')])),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incentives', to='accounts.site')),
            ],
            options={
                'ordering': ('-pk',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IncentiveCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('reason', models.CharField(max_length=500)),
                ('corrected_at', models.DateTimeField()),
                ('corrected_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incentive', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='programmes.incentive')),
            ],
            options={
                'ordering': ('pk',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IncentiveOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('programme', models.CharField(max_length=60)),
                ('criterion', models.CharField(max_length=60)),
                ('what_en', models.CharField(max_length=200)),
                ('what_zh', models.CharField(max_length=200)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14)),
                ('unit', models.CharField(max_length=30)),
                ('authority_en', models.CharField(max_length=200)),
                ('authority_zh', models.CharField(max_length=200)),
                ('source_en', models.CharField(max_length=300)),
                ('source_zh', models.CharField(max_length=300)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(null=True)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('ended', 'Ended')], default='proposed', max_length=8)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incentive_offers', to='accounts.jurisdiction')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='PaperReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('met', models.BooleanField()),
                ('note', models.CharField(max_length=500)),
                ('read_at', models.DateTimeField()),
                ('declaration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='programmes.declaration')),
                ('read_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='declaration',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('value', ''), ('evidence', '')), models.Q(models.Q(('value', ''), _negated=True), models.Q(('evidence', ''), _negated=True)), _connector='OR'), name='declared_on_evidence'),
        ),
        migrations.AddConstraint(
            model_name='incentive',
            constraint=models.UniqueConstraint(fields=('site', 'scheme', 'evidence'), name='one_incentive_an_evidence'),
        ),
        migrations.AddConstraint(
            model_name='incentive',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='an_incentive_is_some_amount'),
        ),
        migrations.AddConstraint(
            model_name='incentivecorrection',
            constraint=models.CheckConstraint(condition=models.Q(('amount', None), ('amount__gt', 0), _connector='OR'), name='a_corrected_incentive_is_some_amount'),
        ),
        migrations.AddConstraint(
            model_name='incentivecorrection',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='an_incentive_is_corrected_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='incentiveoffer',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='an_offer_is_some_amount'),
        ),
        migrations.AddConstraint(
            model_name='incentiveoffer',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='an_offer_begins_first'),
        ),
        migrations.AddConstraint(
            model_name='incentiveoffer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'ended')), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='an_offer_is_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='incentiveoffer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('refused', 'ended')), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='an_offer_ends_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='paperreading',
            constraint=models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='a_reading_says_what_was_found'),
        ),
    ]
