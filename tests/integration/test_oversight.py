"""The audit trail and the standings: each regulator reads its own subtree; ranks are intervals, and
no value stands there.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.auditlog.models import Action, Event
from portal.auditlog.recording import record
from portal.catalogue import trail
from portal.catalogue.deadlines import extend
from portal.catalogue.trail import TrailFilter
from portal.standings import computing as standings
from portal.standings.models import Standing
from portal.standings.ranked import ranked
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


def rows_of(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address, query).content.decode("utf-8-sig"))))


def test_a_nation_reads_the_whole_record_and_a_province_what_concerns_its_own(cast: Cast) -> None:
    assert trail.count(cast.approver, TrailFilter()) == Event.objects.count()
    extend(
        cast.period,
        cast.plants[0].site,
        (NOW + timedelta(days=99)).date(),
        "Rebuilt",
        cast.provincial,
        NOW,
    )
    extend(
        cast.period,
        cast.plants[1].site,
        (NOW + timedelta(days=99)).date(),
        "Rebuilt",
        cast.approver,
        NOW,
    )
    own = list(trail.events(cast.provincial, TrailFilter(), 0, 1000))
    sites = {f"site works-{number}" for number in (1, 3, 5, 7, 9)}
    assert {event.subject for event in own} <= sites
    assert "site works-1" in {event.subject for event in own}
    record(
        NOW, cast.provincial.email, Action.PERIOD_OPENED, "period elsewhere/2016"
    )  # what a colleague did anywhere
    assert (
        next(trail.events(cast.provincial, TrailFilter(), 0, 1)).subject == "period elsewhere/2016"
    )
    for nobody in (cast.stranger, cast.plants[0].owner, cast.auditor):
        assert trail.count(nobody, TrailFilter()) == 0


def test_the_record_is_filtered_by_act_person_object_and_day(cast: Cast) -> None:
    officer = signed_in(cast.approver.email)
    address = reverse("web:trail-csv")
    everything = rows_of(officer, address)
    assert len(everything) == Event.objects.count()
    assert everything[0]["at"] >= everything[-1]["at"]
    assert {row["action"] for row in rows_of(officer, address, action="device.enrolled")} == {
        "device.enrolled"
    }
    assert rows_of(officer, address, subject="works-3")
    assert all("works-3" in row["subject"] for row in rows_of(officer, address, subject="works-3"))
    assert rows_of(officer, address, actor="nobody of this name") == []
    assert len(rows_of(officer, address, after="2017-06-01", before="2017-06-01")) == len(
        everything
    )  # NOW is that day
    assert (
        rows_of(officer, address, after="2017-06-02")
        == rows_of(officer, address, before="2017-05-31")
        == []
    )
    assert len(rows_of(officer, address, after="yesterday")) == len(
        everything
    )  # no day bounds nothing
    page = officer.get(reverse("web:trail"), {"actor": "nobody of this name"}).content.decode()
    assert "Nothing on record matches this filter." in page


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_last_day_and_the_first_of_all_bound_nothing_where_no_day_lies_beyond(
    cast: Cast, day: str
) -> None:
    officer = signed_in(cast.approver.email)
    for bound in ("after", "before"):
        assert officer.get(reverse("web:trail"), {bound: day}).status_code == 200
    assert (
        len(rows_of(officer, reverse("web:trail-csv"), before="9999-12-31"))
        == Event.objects.count()
    )


@pytest.mark.parametrize("name", ["trail-csv", "trail-xlsx"])
def test_a_file_that_cannot_hold_the_whole_record_is_refused_and_never_cut(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    officer, address = signed_in(cast.approver.email), reverse(f"web:{name}")
    monkeypatch.setattr("portal.web.lists.tables.MOST_EXPORTED", Event.objects.count())
    assert officer.get(address).status_code == 200
    monkeypatch.setattr("portal.web.lists.tables.MOST_EXPORTED", Event.objects.count() - 1)
    answer = officer.get(address)
    assert answer.status_code == 409
    assert "narrow the filter" in answer.content.decode()
    assert officer.get(address, {"action": "device.enrolled"}).status_code == 200


def test_the_record_is_paged_in_the_database(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.web.views.audit_trail.PAGE_ROWS", 5)
    monkeypatch.setattr("portal.web.lists.tables.pages_of.__defaults__", (5, ""))
    page = signed_in(cast.approver.email).get(reverse("web:trail"), {"page": "2"}).content.decode()
    assert f"6 to 10 of {Event.objects.count()}" in page
    assert page.count('<tr role="row"') == 6  # the head and five


def test_standings_are_intervals_of_the_readers_own_sites_without_a_value(cast: Cast) -> None:
    address = reverse("web:period", args=[cast.group.pk, PERIOD, "standings"])
    officer = signed_in(cast.approver.email)
    assert "Nobody is ranked yet." in officer.get(address).content.decode()
    standings.compute(cast.period, "worker", NOW)
    page = officer.get(address).content.decode()
    assert "<b>9</b> sites of your jurisdiction are ranked." in page
    assert "of 9" in page
    assert "kgce" not in page
    own = ranked(cast.provincial, cast.group.pk, PERIOD)
    assert {standing.site for standing in own} == {f"works-{number}" for number in (1, 3, 5, 7, 9)}
    assert {standing.of for standing in own} == {9}  # among all of the peer group
    assert all(1 <= standing.rank_low <= standing.rank_high <= 9 for standing in own)
    assert ranked(cast.plants[0].owner, cast.group.pk, PERIOD) == ()


def test_the_file_of_standings_holds_ranks_and_quarters_as_filtered(cast: Cast) -> None:
    standings.compute(cast.period, "worker", NOW)
    officer, address = (
        signed_in(cast.approver.email),
        reverse("web:standings-csv", args=[cast.group.pk, PERIOD]),
    )
    rows = rows_of(officer, address)
    assert len(rows) == len(ranked(cast.approver, cast.group.pk, PERIOD))
    columns = {
        "firm",
        "site",
        "jurisdiction",
        "step",
        "variant",
        "metric",
        "rank_low",
        "rank_high",
        "of",
        "quarter",
    }
    assert set(rows[0]) == {*columns, "step_name", "variant_name"}
    step = rows[0]["step"]
    assert {row["step"] for row in rows_of(officer, address, step=step)} == {step}
    assert rows_of(officer, address, quarter="none") == [], "each can be told"
    Standing.objects.filter(submission__site__slug="works-4", step=step).update(band=None)
    untold = rows_of(officer, address, quarter="none")
    assert {(row["site"], row["step"], row["quarter"]) for row in untold} == {("works-4", step, "")}
    assert {row["site"] for row in rows_of(officer, address, q="works-4")} == {"works-4"}
    assert {row["jurisdiction"] for row in rows_of(signed_in(cast.provincial.email), address)} == {
        "Hebei"
    }
