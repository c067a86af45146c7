"""Where the portal shows what firms share, and what ends with a site or a firm."""

from __future__ import annotations

from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "extras.sharing"
    api_tags = {"groups": "Parks and groups of sites."}  # noqa: RUF012 - as Django has them

    def ready(self) -> None:
        from extras.sharing import ending, on_pages, pages
        from extras.sharing.models import Action, SharingScope
        from portal.accounts import scopes
        from portal.accounts.models import Role
        from portal.opening import backups
        from portal.register import site_ends
        from portal.web import areas

        scopes.add(SharingScope.GROUPS, Role.ENTERPRISE, Role.REGULATOR)
        backups.UNDONE_IN_EXTRAS.add(
            lambda: [
                *(Action.SHARE_REVOKED, Action.CERTIFICATE_REVOKED),
                *(Action.GROUP_LEFT, Action.GROUP_REMOVED, Action.GROUP_ENDED),
            ]
        )
        site_ends.site_retires.connect(ending.leave_groups)
        site_ends.site_changes_hands.connect(ending.leave_groups)
        site_ends.firm_leaves.connect(ending.forget)
        areas.CODES.add(pages.certified)
        areas.PLANT_TASKS.add(on_pages.waiting)
        areas.REPORT_ACTS.add(on_pages.report_acts)
        areas.FIRMS.add(on_pages.groups)
        areas.SITES.add(on_pages.groups)
