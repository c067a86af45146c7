from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0006_reason_phrase'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='covers',
            field=models.TextField(blank=True),
        ),
    ]
