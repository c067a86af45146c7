"""Where the portal shows programmes, and what becomes of them where a site changes hands."""

from __future__ import annotations

from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    name = "extras.programmes"
    api_tags = {  # noqa: RUF012 - as Django has them
        "dossiers": "What sites show for programmes of leaders and grades, and what is offered."
    }

    def ready(self) -> None:
        from extras.programmes import dossiers, on_pages
        from extras.programmes.models import Action, DossiersScope
        from portal.accounts import scopes
        from portal.accounts.models import Role
        from portal.assurance import grades
        from portal.opening import backups
        from portal.register import site_ends, site_history
        from portal.web import areas

        scopes.add(DossiersScope.READ, Role.ENTERPRISE, Role.REGULATOR)
        site_history.KINDS["incentive"] = ("incentive.", "dossier.")
        backups.UNDONE_IN_EXTRAS.add(lambda: [Action.INCENTIVE_ENDED])
        grades.CONFIRMED.add(dossiers.confirmed_grades)
        site_ends.site_changes_hands.connect(dossiers.end_with_hands)
        areas.NAVIGATION.add(on_pages.navigation)
        areas.HOME.add(on_pages.waiting)
        areas.SITE_TABLES.add(on_pages.tables)
        areas.SITE_ACTS.add(on_pages.acts)
        areas.STAYING.add(on_pages.staying)
