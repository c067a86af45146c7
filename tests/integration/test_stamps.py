"""Who takes part is remembered and never told as it was: after each change the next reader hears the same as one who asks afresh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import ControllingFirm, Device, Jurisdiction, Organisation, SizeClass, User
from portal.catalogue import deadlines, obliged
from portal.catalogue.models import PeerGroupMember
from portal.catalogue.obliged import Entry
from portal.intake import counts, participation, stamps
from portal.intake import services as intake
from portal.intake.models import Stamp, Submission
from portal.opening import services as opening
from portal.register import leaving, siting
from portal.standings import quality
from tests.integration.portal_cast import NOW, PERIOD, Cast, make_cast, processing_public

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

Told = dict[str, Any]
Change = Callable[[Cast], object]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    """Seven works: four have reported and are accepted, the fifth waits, two sent nothing."""
    made = make_cast(7)
    for plant in made.plants[:4]:
        intake.receive(plant.envelope(made.pack), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    intake.receive(made.plants[4].envelope(made.pack), keys.published_directory(), keys.receipt_key(), NOW)
    return made


def told(cast: Cast, now: Any = NOW) -> Told:
    """What the pages of nation and province are made of."""
    found: Told = {}
    steps = tuple(step.step for step in cast.pack.routes[0].steps)
    for person in (cast.approver, cast.provincial):
        user = User.objects.get(pk=person.pk)
        view = participation.participation(user, cast.group.pk, PERIOD, now)
        if view is None:
            continue
        told_of = quality.quality(view, steps)
        found[user.email] = (
            [one._asdict() for one in view.participants],
            asdict(view.totals),
            {one.site: asdict(known) for one in view.participants if (known := told_of.of(one))},
            (told_of.accepted, told_of.whole, told_of.broken),
            asdict(counts.firms(user, [cast.group.pk], [PERIOD])),
        )
    return found


def afresh(cast: Cast) -> Told:
    for module in (counts, participation, quality):
        module._remembered._held.clear()  # as a process that has just begun
    return told(cast)


def refused(cast: Cast) -> None:
    wrong = cast.plants[5]
    report = replace(wrong.report(cast.pack), pack_digest=b"\x00" * 32)
    raw = envelope.build(report, wrong.header(), wrong.key, processing_public())
    intake.receive(raw, keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)


def firm_leaves(cast: Cast) -> None:
    plant = cast.plants[3]
    PeerGroupMember.objects.filter(site=plant.site).update(obliged=False)
    leaving.ask(plant.owner, plant.site.organisation_id, NOW)
    assert leaving.carry_out_due(lambda: NOW + leaving.COOLING) == 1


def by_hand(statement: str) -> Change:
    """As an operator at the database's own console."""

    def carry_out(_cast: Cast) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return carry_out


def renamed(cast: Cast) -> None:
    plant = cast.plants[0]
    siting.change(plant.owner, plant.site.slug, name="Renamed", name_zh="", size_class=plant.site.size_class, now=NOW)


def controlled(cast: Cast) -> None:
    other = ControllingFirm.objects.get(name="Firm 1")
    Organisation.objects.filter(pk=cast.plants[1].site.organisation_id).update(controlling_firm=other)


CHANGES: dict[str, Change] = {
    "a commitment": lambda cast: cast.plants[6].challenge(),
    "a report comes": lambda cast: intake.receive(cast.plants[6].envelope(cast.pack), keys.published_directory(), keys.receipt_key(), NOW),
    "a report is accepted": lambda _cast: opening.sweep(keys.processing_key(), lambda: NOW),
    "a report is refused": refused,
    "a revision takes a report's place": lambda cast: (
        intake.receive(cast.plants[0].envelope(cast.pack, 2, 3), keys.published_directory(), keys.receipt_key(), NOW + timedelta(days=1)),
        opening.sweep(keys.processing_key(), lambda: NOW),
    ),
    "a state by hand": by_hand("UPDATE intake_submission SET state = 'refused' WHERE state = 'accepted'"),
    "what a report covers": by_hand("UPDATE intake_submission SET covers = '' WHERE state = 'accepted'"),
    "more time": lambda cast: deadlines.extend(
        cast.period, cast.plants[6].site, (NOW + timedelta(days=30)).date(), "Flood.", cast.approver, NOW
    ),
    "another due date": lambda cast: deadlines.set_due(cast.period, (NOW + timedelta(days=9)).date(), cast.approver, NOW),
    "a site at will": lambda cast: obliged.amend(cast.group, Entry(cast.plants[0].site.slug, False, "thousand"), cast.approver, NOW),
    "no member any more": lambda cast: PeerGroupMember.objects.filter(site=cast.plants[0].site).delete(),
    "another name": renamed,
    "another size": lambda cast: (
        type(cast.plants[0].site).objects.filter(pk=cast.plants[0].site.pk).update(size_class=SizeClass.VERY_LARGE)
    ),
    "another firm": controlled,
    "the firm's name": by_hand("UPDATE accounts_controllingfirm SET name = 'Another' WHERE name = 'Firm 2'"),
    "a jurisdiction's name": lambda cast: Jurisdiction.objects.filter(pk=cast.province.pk).update(name="Renamed"),
    "a jurisdiction that lies elsewhere": lambda cast: Jurisdiction.objects.filter(pk=cast.province.pk).update(path="elsewhere/he"),
    "a firm leaves": firm_leaves,
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_change_what_is_remembered_is_what_is_worked_out_afresh(cast: Cast, name: str) -> None:
    before = told(cast)
    assert told(cast) == before
    CHANGES[name](cast)
    after = told(cast)
    assert after != before, "a change that nobody could see tests nothing"
    assert after == afresh(cast)


def test_an_agent_that_was_not_vouched_for_breaks_a_series_at_once(cast: Cast) -> None:
    device = cast.plants[0].device
    before = dict(Stamp.objects.values_list("name", "stamp"))
    Device.objects.filter(pk=device.pk).update(revoked_at=NOW)
    after = dict(Stamp.objects.values_list("name", "stamp"))
    assert after.pop(stamps.SITES) != before.pop(stamps.SITES)
    assert after == before, "a period's stamp is its own"


def test_who_was_missing_is_late_when_the_due_date_has_passed(cast: Cast) -> None:
    deadlines.set_due(cast.period, (NOW + timedelta(days=9)).date(), cast.approver, NOW)
    (earlier, *_), (later, *_) = (told(cast, moment)[cast.approver.email] for moment in (NOW, NOW + timedelta(days=20)))
    states = [sorted(one["taking"] for one in view) for view in (earlier, later)]
    assert states == [["missing"] * 2 + ["reported"] * 4 + ["waiting"], ["late"] * 2 + ["reported"] * 4 + ["waiting"]]
    assert told(cast) != told(cast, NOW + timedelta(days=20)), "and back"


def test_a_change_that_was_rolled_back_leaves_no_trace(cast: Cast) -> None:
    before = told(cast)
    with transaction.atomic():
        controlled(cast)
        within = told(cast)
        transaction.set_rollback(True)
    assert within != before
    assert told(cast) == before


def test_a_province_is_told_of_its_own_sites_from_what_is_remembered_for_the_nation(cast: Cast) -> None:
    views = told(cast)
    everybody, (own, *_) = views[cast.approver.email][0], views[cast.provincial.email]
    assert {one["site"] for one in own} == {"works-1", "works-3", "works-5", "works-7"} < {one["site"] for one in everybody}


@pytest.fixture
def _without_triggers(db: None) -> None:
    """From before anything is written; they are there again when the transaction of the test is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in (*stamps.AROUND, *stamps.SENT):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_stamps_%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")


@pytest.mark.usefixtures("_without_triggers")
@pytest.mark.parametrize("name", ["a state by hand", "another firm"])
def test_without_the_triggers_an_old_answer_would_be_told(cast: Cast, name: str) -> None:
    before = told(cast)
    CHANGES[name](cast)
    assert told(cast) == before != afresh(cast)


@pytest.mark.parametrize("table", [*stamps.AROUND, *stamps.SENT])
def test_every_table_renews_a_stamp(cast: Cast, table: str) -> None:
    """Rows as they are, written once more: what is written does not matter."""
    deadlines.extend(cast.period, cast.plants[6].site, (NOW + timedelta(days=30)).date(), "Flood.", cast.approver, NOW)
    name = f"period {PERIOD}" if table in stamps.SENT else stamps.SITES
    before = Stamp.objects.get(pk=name).stamp
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id")  # noqa: S608 - our own table
        assert cursor.rowcount > 0
    assert Stamp.objects.get(pk=name).stamp != before


def test_a_deleted_report_renews_its_periods_stamp(cast: Cast) -> None:
    before = Stamp.objects.get(pk=f"period {PERIOD}").stamp
    Submission.objects.filter(site=cast.plants[4].site).delete()
    assert Stamp.objects.get(pk=f"period {PERIOD}").stamp != before


def test_making_the_triggers_again_changes_nothing(cast: Cast) -> None:
    before = told(cast)
    stamps.install("default")
    controlled(cast)
    assert told(cast) == afresh(cast) != before
