"""Where the portal shows who the best firms are, and what becomes of it where a firm leaves."""

from __future__ import annotations

from django.apps import AppConfig


class BestGroupsConfig(AppConfig):
    name = "extras.best_groups"

    def ready(self) -> None:
        from extras.best_groups import section, unnaming
        from portal.register import site_ends
        from portal.web import areas

        areas.VERSION_SECTIONS.add(section.of_version)
        areas.VERSION_LINKS.add(section.link_of_review)
        site_ends.firm_leaves.connect(unnaming.unname)
