"""A site that moved to another place: what it still counts in there, and what does not bring it
back.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import Jurisdiction, Site
from portal.catalogue import obliged_list, peer_groups, periods
from portal.catalogue.models import PeerGroup
from portal.catalogue.obliged_rows import ObligedSite
from portal.intake.participation import participation
from portal.standings.cohort import cohort
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    return make_cast(4)


@pytest.fixture
def site(cast: Cast) -> Site:
    return cast.plants[2].site


def group_with_a_closed_period(*sites: Site, version: str | None = None) -> PeerGroup:
    """A group of the province of the first of these sites; that its first period is closed lets who
    moves away stay a member.
    """
    group = peer_groups.make_peer_group("cement", sites[0].jurisdiction, sites, version=version)
    periods.close_period(periods.open_period(group, "2015", "test", NOW), "test", NOW)
    return group


def move(site: Site, to: Jurisdiction) -> None:
    """As the register does it."""
    site.jurisdiction = to
    site.save()
    with transaction.atomic():
        peer_groups.end_elsewhere([site.pk])


def elsewhere(cast: Cast) -> Jurisdiction:
    province: Jurisdiction = Jurisdiction.objects.create(
        path="cn/zz", name="Elsewhere", parent=cast.nation
    )
    return province


def test_it_counts_in_no_period_that_was_open_when_it_moved(cast: Cast, site: Site) -> None:
    group = group_with_a_closed_period(site)
    move(site, elsewhere(cast))
    following = periods.open_period(group, PERIOD, "test", NOW)
    deliver(cast.plants[2].envelope(cast.pack))
    open_waiting()
    assert set(cohort(cast.period).submissions) == {site.slug}, "it is of the nation, as before"
    assert not cohort(following).submissions
    view = participation(cast.approver, group.pk, PERIOD, NOW)
    assert view is not None
    assert view.firms == 0
    periods.close_period(following, "test", timezone.now())
    following.refresh_from_db()
    assert not cohort(following).submissions, "nor once it is closed"


def test_it_counts_in_what_was_closed_before_and_stays_when_it_comes_back(
    cast: Cast, site: Site
) -> None:
    home, group = site.jurisdiction, group_with_a_closed_period(site)
    following = periods.open_period(group, PERIOD, "test", NOW)
    deliver(cast.plants[2].envelope(cast.pack))
    open_waiting()
    periods.close_period(following, "test", NOW)
    following.refresh_from_db()
    move(site, elsewhere(cast))
    assert set(cohort(following).submissions) == {site.slug}
    move(site, home)
    assert group.members.get().left_at is None


def test_undoing_a_list_does_not_oblige_it_again(cast: Cast, site: Site) -> None:
    group = peer_groups.make_peer_group("cement", site.jurisdiction, [site])
    released = obliged_list.amend(group, ObligedSite(site.slug, False), cast.approver, NOW)
    move(site, elsewhere(cast))
    obliged_list.undo(released, cast.approver, NOW)
    assert not group.members.exists()


def test_a_list_that_was_uploaded_before_does_not_oblige_it(cast: Cast, site: Site) -> None:
    group = peer_groups.make_peer_group("cement", site.jurisdiction, [site])
    uploaded = obliged_list.propose(group, [ObligedSite(site.slug, True)], cast.approver, NOW)
    move(site, elsewhere(cast))
    obliged_list.apply(uploaded, obliged_list.held_now(group), cast.approver, NOW)
    assert not group.members.exists()


@pytest.mark.usefixtures("two_versions")
@pytest.mark.parametrize("change", ["place", "pack"])
def test_a_group_of_a_newer_version_does_not_take_it_over(
    cast: Cast, site: Site, change: str
) -> None:
    moved = cast.plants[3].site
    Site.objects.filter(pk=moved.pk).update(jurisdiction=site.jurisdiction)
    moved.refresh_from_db()
    group = group_with_a_closed_period(site, moved, version="1")
    if change == "pack":  # as the register file may correct it while the site has not reported
        moved.pack = "steel"
    move(moved, elsewhere(cast) if change == "place" else site.jurisdiction)
    assert group.members.filter(site=moved).exists() is (change == "place"), (
        "of another pack it has never reported there"
    )
    successor = peer_groups.take_up(cast.approver, group, "2", NOW)
    assert list(successor.members.values_list("site__slug", flat=True)) == [site.slug]
