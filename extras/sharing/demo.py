"""Groups in the demo: one whose first member shows its labels and whose last has not answered; one
that invites the first plant.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

from benchmarks.phrases import Phrase
from extras.sharing import groups
from extras.sharing.models import GroupKind
from portal.accounts.models import Membership, Role, Site, User
from portal.demo import cast as casting

GROUPS = tomllib.loads(Path(__file__).with_name("demo.toml").read_text("utf-8"))


def fill(_year: int, _now: datetime) -> None:
    """Nothing yet."""


def act(site: Site, now: datetime) -> dict[str, str]:
    """Of this plant and the next of its pack that somebody acts for. Addresses by what is there."""
    drafter = User.objects.get(email=casting.DRAFTER)
    (ministry,) = groups.runners(drafter)
    manages = Membership.objects.filter(
        role=Role.ENTERPRISE, may_manage=True, organisation__sites__pack=site.pack
    ).order_by("pk")
    people = dict(manages.values_list("organisation__sites__slug", "user"))
    slugs = sorted(people, key=lambda slug: slug != site.slug)[:4]
    factories, park = (
        groups.make(groups.GroupDescription(GroupKind(kind), **words), ministry.pk, drafter, now)
        for kind, words in GROUPS.items()
    )
    groups.invite(factories, slugs, drafter, now)
    groups.invite(park, slugs[:2], drafter, now)
    for slug in slugs[:3]:
        shown = sorted(groups.steps_of(site)) if slug == site.slug else []
        groups.join(factories.pk, slug, shown, User.objects.get(pk=people[slug]), now)
    return {Phrase("Parks and groups"): "groups/"}
