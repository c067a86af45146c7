"""Firms in the list of periods are those that the page of one period counts one by one, for each
jurisdiction.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import ControllingFirm
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.catalogue.selectors import groups_of
from portal.intake.models import Submission, SubmissionState
from portal.intake.participation import participation
from portal.intake.turnout import turnout
from portal.publication import drafting
from portal.publication.selectors import VersionState, drafts_of, drafts_of_periods
from portal.web.pages.periods import PERIODS_A_PAGE
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    """Seven works, two of one firm; one sent nothing, one report was refused. Three of them are in
    a second group, too.
    """
    cast = make_cast(plants=7)
    for index, plant in enumerate(cast.plants[:6]):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    Submission.objects.filter(site=cast.plants[5].site).update(state=SubmissionState.REFUSED)
    enterprise = cast.plants[2].site.organisation
    enterprise.controlling_firm = ControllingFirm.objects.get(name="Firm 1")
    enterprise.save()
    beside = make_peer_group(
        "cement", cast.nation, [plant.site for plant in cast.plants[:3]], route="clinker"
    )
    open_period(beside, PERIOD, "test", NOW)
    return cast


def test_both_ways_of_counting_agree_for_nation_and_province(cast: Cast) -> None:
    counts = set()
    for person in (cast.approver, cast.provincial):
        for row in turnout(person, NOW):
            view = participation(person, row.peer_group, PERIOD, NOW)
            assert view is not None
            assert (row.firms, row.firms_reported) == (view.firms, view.firms_reported)
            counts.add((view.firms, view.firms_reported))
    assert counts == {(6, 4), (3, 2), (2, 2), (1, 1)}


def test_a_site_is_missing_where_another_of_its_firm_has_reported(cast: Cast) -> None:
    """Both firms of the second group have reported, one of them from one of its two works."""
    Submission.objects.filter(site=cast.plants[2].site).update(state=SubmissionState.REFUSED)
    (beside,) = [group for group in groups_of(cast.approver) if group.route == "clinker"]
    reader = Client()
    assert reader.login(email=cast.approver.email, password=PASSWORD)
    page = reader.get(reverse("web:period", args=[beside.id, PERIOD, "reports"])).content.decode()
    assert "<b>2 of 2</b>" in page
    assert "<b>1</b> further site of these firms has no accepted report yet." in page
    assert "Nobody is missing" not in page


def test_who_regulates_nothing_counts_nobody(cast: Cast) -> None:
    assert turnout(cast.stranger, NOW) == ()


def test_versions_of_many_periods_are_those_of_each(cast: Cast) -> None:
    drafting.draft(cast.period, cast.drafter, NOW)
    drafting.draft(cast.period, cast.approver, NOW, "Again.")
    groups = groups_of(cast.approver)
    together = drafts_of_periods(groups, [cast.period.pk])
    alone = [
        VersionState(row.id, row.version, row.status)
        for row in drafts_of(cast.approver, cast.group.pk, PERIOD)
    ]
    assert together == {cast.period.pk: tuple(alone)}
    assert [row.version for row in alone] == [2, 1]
    assert drafts_of_periods(groups, [cast.period.pk + 1_000]) == {}
    assert drafts_of_periods((), [cast.period.pk]) == {}


def test_the_list_of_periods_is_paged(cast: Cast) -> None:
    for year in range(1990, 1990 + PERIODS_A_PAGE):
        open_period(cast.group, str(year), "test", NOW - timedelta(days=1))
    officer = Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    first, second = (
        officer.get("/periods/").content.decode(),
        officer.get("/periods/?page=2").content.decode(),
    )
    assert f"{PERIODS_A_PAGE + 2} periods" in first
    assert "2016" in first
    newest = next(row for row in turnout(cast.approver, NOW) if row.peer_group == cast.group.pk)
    assert (newest.period, newest.obliged_reported) == (PERIOD, 5)
    assert f"{newest.obliged_reported} of {newest.obliged}</b>" in first
    assert f"/periods/{cast.group.pk}/1990/" in second
    assert f"/periods/{cast.group.pk}/1990/" not in first
