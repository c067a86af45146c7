"""Where partners are shown."""

from __future__ import annotations

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "extras.partners"
    api_tags = {  # noqa: RUF012 - as Django has them
        "archive": "Every published version as one file.",
        "conformance": "Results of the kit for sources.",
        "deliveries": "What energy suppliers declare.",
        "granted": "What sites let providers and suppliers see.",
    }

    def ready(self) -> None:
        from extras.partners import ending, on_pages
        from extras.partners.models import Action, PartnersScope
        from portal.accounts import scopes
        from portal.accounts.models import Role
        from portal.opening import backups
        from portal.register import applying, site_ends
        from portal.web import areas

        scopes.add(PartnersScope.GRANTED, Role.PROVIDER, Role.SUPPLIER)
        for scope in (PartnersScope.CONFORMANCE, PartnersScope.WRITE_CONFORMANCE):
            scopes.add(scope, Role.PROVIDER)
        for scope in (PartnersScope.DELIVERIES, PartnersScope.WRITE_DELIVERIES):
            scopes.add(scope, Role.SUPPLIER)
        applying.OPEN_TO_ALL.update((Role.PROVIDER, Role.SUPPLIER, Role.ACADEMIC))
        backups.UNDONE_IN_EXTRAS.add(lambda: [Action.ACCESS_TAKEN_BACK, Action.DELIVERY_TAKEN_BACK])
        site_ends.site_changes_hands.connect(ending.end_accesses)
        site_ends.site_changes_hands.connect(ending.end_deliveries)
        site_ends.firm_leaves.connect(ending.forget)
        areas.NAVIGATION.add(on_pages.navigation)
        areas.HOME.add(on_pages.waiting)
        areas.SITE_ACTS.add(on_pages.acts)
        areas.FIRMS.add(on_pages.firms)
        areas.ASSIGNED.add(on_pages.assigned)
        areas.ACCOUNT.add(on_pages.account)
