from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IntakeConfig(AppConfig):
    name = "portal.intake"

    def ready(self) -> None:
        from portal.intake.stamps import install_after_migration

        post_migrate.connect(install_after_migration, sender=self)
