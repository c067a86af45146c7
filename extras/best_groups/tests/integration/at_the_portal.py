"""Who may open the pages of best groups, and what they cost."""

from __future__ import annotations

from django.urls import reverse

from tests.integration.by_role import NO, OFFICE, REGULATORS, Row, all_may, only
from tests.integration.of_extras import Pages, PageScene
from tests.integration.portal_cast import PERIOD

VERSION = {
    "pack": "cement",
    "place": "cn",
    "route": "dry-process",
    "period": PERIOD,
    "version": 1,
}
TABLE: dict[str, Row] = {
    "web:best-group": (
        {"publication": "PUBLISHED"},
        OFFICE,
        only(REGULATORS, "nothing", nation="409"),
    ),
    "api:benchmark-best-group": (VERSION, all_may("nothing"), NO),
}


def pages(scene: PageScene) -> Pages:
    return {
        "who the best firms are": (
            scene.cast.approver,
            reverse("web:best-group", args=[scene.published.pk]),
        )
    }
