"""What firms share in the tests of the portal as a whole: who may open its pages, what they cost."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from benchmarks.label_keys import LabelKey
from extras.sharing import certificates, groups, shares
from extras.sharing.groups_shown import COLUMNS as OF_LABELS
from extras.sharing.models import GroupKind, Share, SiteGroup
from portal.accounts.models import User
from portal.intake.models import Submission
from tests.integration.by_role import (
    ENTERPRISES,
    NO,
    OWN,
    REGULATORS,
    Row,
    all_may,
    only,
)
from tests.integration.of_extras import Pages, PageScene
from tests.integration.portal_cast import NOW, Cast

TABLE: dict[str, Row] = {
    "web:show": ({"digest": "DIGEST"}, OWN, only(ENTERPRISES, "wrong", other_enterprise="nothing")),
    "web:take-back": (
        {"digest": "DIGEST", "share": "SHARE"},
        only(ENTERPRISES, "back"),
        only(ENTERPRISES, "done", other_enterprise="nothing"),
    ),
    "web:certificate": (
        {"digest": "DIGEST"},
        only(ENTERPRISES, "back"),
        only(ENTERPRISES, "back", other_enterprise="nothing"),
    ),
    "web:certificate-pdf": ({"digest": "DIGEST"}, OWN, NO),
    # whoever has the link; nobody has this one
    "web:shared": ({"secret": "nothing"}, all_may("nothing"), NO),
    "web:site-groups": ({}, only(ENTERPRISES + REGULATORS, "ok"), NO),
    "web:new-site-group": (
        {},
        only(ENTERPRISES + REGULATORS, "ok"),
        only(ENTERPRISES + REGULATORS, "wrong"),
    ),
    "web:site-group": (
        {"group": "SITE_GROUP"},
        only(ENTERPRISES + REGULATORS, "nothing", nation="ok"),
        only(ENTERPRISES + REGULATORS, "nothing", nation="wrong"),
    ),
    "web:site-group-csv": (
        {"group": "SITE_GROUP"},
        only(ENTERPRISES + REGULATORS, "nothing", nation="ok"),
        NO,
    ),
    "web:count-site-group": (
        {"group": "SITE_GROUP"},
        only(ENTERPRISES + REGULATORS, "nothing", nation="back"),
        only(ENTERPRISES + REGULATORS, "nothing", nation="back"),
    ),
    **dict.fromkeys(
        ("web:end-site-group",),
        (
            {"group": "SITE_GROUP"},
            only(ENTERPRISES + REGULATORS, "nothing", nation="ok"),
            only(ENTERPRISES + REGULATORS, "nothing", nation="done"),
        ),
    ),
    "web:remove-from-group": (
        {"group": "SITE_GROUP", "slug": "works-1"},
        only(ENTERPRISES + REGULATORS, "nothing", nation="ok"),
        only(ENTERPRISES + REGULATORS, "nothing", nation="done"),
    ),
    **dict.fromkeys(
        ("web:join-group", "web:leave-group"),
        (
            {"group": "SITE_GROUP", "slug": "works-1"},
            OWN,
            only(ENTERPRISES, "done", other_enterprise="nothing"),
        ),
    ),
    "api:groups": ({}, all_may("401"), NO),
    "api:group": ({"group": "SITE_GROUP"}, all_may("401"), NO),
}

_OF_FIRMS_AND_OFFICERS = dict.fromkeys(ENTERPRISES + REGULATORS, "ok")
KEYED = {
    # as on the pages: who runs it; a firm whose site is invited reads of its own site alone
    "api:groups": (
        {},
        "",
        _OF_FIRMS_AND_OFFICERS | {"other-enterprise": "none", "other-province": "none"},
    ),
    "api:group": (
        {"group": "SITE_GROUP"},
        "",
        dict.fromkeys(_OF_FIRMS_AND_OFFICERS, "nothing") | {"nation": "ok"},
    ),
}
"""What stands in the address, the query, and what a GET answers to a key of each role that has the
scope.
"""

FOR = {"groups": "nation", "group": "nation"}
COLUMNS = (*OF_LABELS,)


def own_names() -> set[str]:
    """Groups' names, which their makers typed."""
    return set(SiteGroup.objects.values_list("name", flat=True))


def values(cast: Cast) -> dict[str, Any]:
    return {
        "SITE_GROUP": site_group(cast).pk,
        "SHARE": shared_by(cast.plants[0].owner).pk,
    }


def by_key(cast: Cast) -> dict[str, Any]:
    """What the keys of `test_api_by_role` find, and what stands in addresses."""
    return {"SITE_GROUP": site_group(cast).pk}


def names_a_person(cast: Cast, _person: User) -> None:
    """A group that stays when its firm leaves, without who made it."""
    owner = cast.plants[0].owner
    about = groups.GroupDescription(GroupKind.PARK, "Park", "园区")
    groups.make(about, cast.plants[0].site.organisation_id, owner, NOW)


def site_group(cast: Cast) -> SiteGroup:
    """The ministry's, which has invited the first works."""
    about = groups.GroupDescription(GroupKind.PARK, "Park", "园区")
    group = groups.make(about, cast.approver.memberships.get().organisation_id, cast.approver, NOW)
    groups.invite(group, ["works-1"], cast.approver, NOW)
    return group


def shared_by(owner: User) -> Share:
    """A label of the owner's report is shown to a buyer, and there is a certificate."""
    report = Submission.objects.filter(site__organisation__memberships__user=owner).latest("pk")
    certificates.issue(owner, report.digest, NOW)
    value = report.protected_values.earliest("pk")
    shares.share(owner, report.digest, "Buyer", [LabelKey.of(value)], 30, timezone.now())
    return Share.objects.get()


def pages(scene: PageScene) -> Pages:
    cast = scene.cast
    officer, owner, site = cast.approver, cast.plants[0].owner, cast.plants[0].site
    digest = Submission.objects.get(site=site).digest
    park = groups.make(
        groups.GroupDescription(GroupKind.PARK, "Park", "园区"),
        officer.memberships.get().organisation_id,
        officer,
        NOW,
    )
    groups.invite(park, [plant.site.slug for plant in cast.plants], officer, NOW)
    for plant in cast.plants:
        groups.join(park.pk, plant.site.slug, sorted(groups.steps_of(plant.site)), plant.owner, NOW)
    return {
        "shown to others": (owner, reverse("web:show", args=[digest])),
        "groups of sites": (officer, reverse("web:site-groups")),
        "one group": (officer, reverse("web:site-group", args=[park.pk])),
        "its labels as a file": (officer, reverse("web:site-group-csv", args=[park.pk])),
        "consent to a group": (
            owner,
            reverse("web:join-group", args=[park.pk, site.slug]),
        ),
    }
