from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0005_stamps'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='reason_phrase',
            field=models.JSONField(null=True),
        ),
    ]
