from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "portal.governance"

    def ready(self) -> None:
        """Whoever loads a pack in this process finds the approved ones, too."""
        from benchmarks import shelf
        from portal.governance.approved import ApprovedPacks

        shelf.use(ApprovedPacks())
