"""A ledger that is set back: the state directory restored to every point of a report's way, then a
report of the same batches.

The real portal, and the real agent on every road that leads to a draw. Counted are the batches from
which more was taken than the cap and the reserve allow, over all that was drawn in any copy of the
directory.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from benchmarks import packs
from benchmarks.errors import SteplabelError
from benchmarks.measurements import Period
from benchmarks.privacy import accounting
from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import (
    ControllingFirm,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.intake import admission, by_hand
from portal.intake import receiving as intake
from portal.intake.models import Commitment, Submission
from portal.opening import unsealing as opening
from reporting_agent.sending import enrolment, revisions
from reporting_agent.sending import pooled_labels as pooling
from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
from reporting_agent.state import StateDirectory
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration.portal_cast import make_cast, processing_public
from tests.integration.test_agent_keys import Plant, token
from tests.unit.agent_send.cast import SITE, SOFTWARE, heats, material
from tests.unit.agent_send.test_pooled import label_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PACK = packs.load("steel")
HEATS = 120
STATES = (
    "planned",
    "committed",
    "challenged",
    "debited",
    "drawn",
    "sealed",
    "sent",
    "received",
    "older revision",
    "second machine",
)
UNDEBITED = ("planned", "committed", "challenged", "second machine")
"""Those in which the copy's ledger lacks the report that the plant has sent."""
ROADS = ("online", "challenge file", "upload page", "correction", "pooled")


@pytest.fixture
def site(portal_keys: object) -> Site:
    """A works that reports years in one group and quarters in another: two periods of the same
    batches.
    """
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    province = Jurisdiction.objects.create(
        path="cn/he", name="Hebei", level="province", parent=nation
    )
    firm = ControllingFirm.objects.create(name="Firm 2")
    works = Organisation.objects.create(
        name="Works 2", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
    )
    site = Site.objects.create(
        slug=SITE, name="Works 2", organisation=works, jurisdiction=nation, pack="steel"
    )
    for year in ("2016", "2017"):
        open_period(make_peer_group("steel", nation, [site]), year, "test", timezone.now())
    open_period(make_peer_group("steel", province, [site]), "2016-Q1", "test", timezone.now())
    return site


@pytest.fixture
def owner(site: Site) -> User:
    user = User.objects.create_user("owner@example.org")
    Membership.objects.create(user=user, organisation=site.organisation, role=Role.ENTERPRISE)
    return user


@pytest.fixture(scope="module")
def year() -> ReportMaterial:
    return material(crowded())


def crowded() -> list[Any]:
    """Enough heats in the first quarter for a report of its own."""
    return [*heats(HEATS)[:100], *heats(HEATS, year=2017)]


@cache
def edited(number: int) -> ReportMaterial:
    first, *others = crowded()
    energy = (
        dataclasses.replace(first.energy[0], quantity=first.energy[0].quantity + number),
        *first.energy[1:],
    )
    return material([dataclasses.replace(first, energy=energy), *others])


@cache
def quarter() -> ReportMaterial:
    return material(crowded(), "2016-Q1")


@cache
def pooled_year() -> ReportMaterial:
    """2017 with the heats of 2016 beside its own."""
    batches, period, windows = crowded(), Period.parse("2017", UTC), {"eaf": 2}
    label = pooling.together(
        label_of(batches, PACK, period), lambda wider: label_of(batches, PACK, wider), windows
    )
    return ReportMaterial(label, batches, PACK, windows)


@contextmanager
def at_work(
    plant: Plant, checkpoint: Callable[[str], None] = lambda _name: None
) -> Iterator[tuple[SubmissionProcess, Any]]:
    with plant._open() as (connection, road):
        identity = enrolment.identity(plant.state, connection, SITE)
        yield (
            SubmissionProcess(
                connection,
                identity,
                software=SOFTWARE,
                clock=lambda: datetime.now(UTC),
                checkpoint=checkpoint,
            ),
            road,
        )


def report(
    plant: Plant,
    data: ReportMaterial,
    *,
    correct: bool = False,
    checkpoint: Callable[[str], None] = lambda _name: None,
) -> None:
    with at_work(plant, checkpoint) as (sending, road):
        sending.consult(road)
        sending.send(sending.prepare(data, "2016", road, correct=correct), road)


def copied(plant: Plant, folder: Path) -> Plant:
    shutil.copytree(plant.state.path, folder)
    copy = Plant(folder)
    assert isinstance(copy.state, StateDirectory)
    return copy


def in_state(name: str, site: Site, year: ReportMaterial, folder: Path) -> tuple[Plant, Plant]:
    """The plant, which has reported 2016, and its directory as it was at that point."""
    plant = Plant(folder / "newest")
    plant.enrol(token(site))
    backup = folder / "backup"
    if name in ("planned", "second machine"):
        copied(plant, backup)

    def keep(reached: str) -> None:
        if reached == name and not backup.exists():
            copied(plant, backup)

    report(plant, year, checkpoint=keep)
    if name == "older revision":
        copied(plant, backup)
        report(plant, edited(1), correct=True)
    return plant, Plant(backup)


def by_road(road_name: str, copy: Plant, owner: User, year: ReportMaterial) -> str:
    """A report of batches that were reported, by the copy; how far it came."""
    data, period, correct = {
        "correction": (edited(2), "2016", True),
        "pooled": (pooled_year(), "2017", False),
    }.get(road_name, (quarter(), "2016-Q1", False))
    try:
        with at_work(copy) as (sending, road):
            if road_name == "online":
                sending.consult(road)
                sending.send(sending.prepare(data, period, road, correct=correct), road)
                return "sent"
            begun = sending.begin(data, period, correct=correct)
            if begun.parcel.challenge is None:
                assert begun.parcel.commitment is not None
                begun = sending.accept(
                    begun, handed_in(owner, begun.parcel.commitment, road_name, road)
                )
            parcel = sending.seal(begun)
            assert parcel.envelope is not None
            handed_in(owner, parcel.envelope, road_name, road)
            return "sent"
    except SteplabelError as refusal:
        return refusal.code


def handed_in(owner: User, raw: bytes, road_name: str, road: Any) -> bytes:
    """The challenge or the receipt, from the page or from the API."""
    if road_name != "upload page":
        return (
            bytes(road.commit(raw))
            if b"commitment" in raw[:200]
            else bytes(road.submit(raw).receipt)
        )
    directory, key = keys.published_directory(), keys.receipt_key()
    (answer,) = by_hand.take(owner, [raw], directory, key, timezone.now(), token_bytes)
    if answer.refusal is not None:
        raise answer.refusal
    assert answer.stored is not None
    if isinstance(answer.stored, Commitment):
        return bytes(answer.stored.challenge)
    return bytes(answer.stored.receipt)


def overspent(*plants: Plant) -> int:
    """Batches from which more was taken, over every draw of any copy, than cap and reserve
    allow.
    """
    epsilon_by_batch: dict[tuple[str, str], dict[str, tuple[bool, Fraction]]] = defaultdict(dict)
    for plant in plants:
        with plant.state.connect() as connection:
            for row in connection.execute("SELECT * FROM ledger"):
                epsilon = Fraction(row["epsilon_numerator"], row["epsilon_denominator"])
                epsilon_by_batch[row["step"], row["batch_id"]][row["release_id"]] = (
                    bool(row["correction"]),
                    epsilon,
                )
    rules = PACK.policy
    beyond = 0
    for releases in epsilon_by_batch.values():
        regular = sum(epsilon for correction, epsilon in releases.values() if not correction)
        corrections = sum(epsilon for correction, epsilon in releases.values() if correction)
        beyond += regular > rules.cap_per_year or corrections > accounting.reserve(rules)
    return beyond


def table(
    site: Site, owner: User, year: ReportMaterial, folder: Path, states: Sequence[str] = STATES
) -> dict[tuple[str, str], tuple[str, int]]:
    """What became of the attempt, and how many batches were overspent, by state and road; the
    portal as it was before each.
    """
    outcomes: dict[tuple[str, str], tuple[str, int]] = {}
    for state in states:
        with _undone():
            newest, backup = in_state(state, site, year, folder / state)
            for road in ROADS:
                with _undone():
                    copy = copied(backup, folder / state / road)
                    outcome = by_road(road, copy, owner, year)
                    opening.sweep(keys.processing_key(), timezone.now)
                    outcomes[state, road] = (outcome, overspent(newest, copy))
                    numbers = list(
                        Submission.objects.filter(site=site).values_list(
                            "ledger_sequence", flat=True
                        )
                    )
                    assert len(numbers) == len(set(numbers))
    return outcomes


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic(), transaction.atomic("vault"):
        yield
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="vault")


def test_a_ledger_that_was_set_back_spends_nothing_twice_on_any_road(
    stated: State,
    site: Site,
    owner: User,
    year: ReportMaterial,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defended = table(site, owner, year, tmp_path / "on")
    assert {cell: beyond for cell, (_, beyond) in defended.items() if beyond} == {}
    codes = sorted({outcome for outcome, _ in defended.values()} - {"sent"})
    print(
        *(f"{state:15} {road:15} {outcome}" for (state, road), (outcome, _) in defended.items()),
        sep="\n",
    )

    for name in ("require_current", "refuse_unknown", "refuse_old_ledger"):
        monkeypatch.setattr(revisions, name, lambda *_: None)
    undefended = table(site, owner, year, tmp_path / "off", UNDEBITED)
    twice = [cell for cell, (_, beyond) in undefended.items() if beyond]
    assert {road for _, road in twice} >= {"online", "challenge file", "upload page", "pooled"}

    stated(
        Row(
            "set-back",
            "the state directory set back to any point of a report's way, then a report of the "
            "same batches by any road",
            "the challenge says which reports were answered; the agent draws nothing beside one "
            "it has not debited",
            "0 batches beyond cap and reserve",
            f"0 in {len(defended)} ({len(STATES)} states, {len(ROADS)} roads): "
            + ", ".join(f"`{code}`" for code in codes),
            f"not compared: batches spent twice in {len(twice)} of the {len(undefended)} whose "
            "ledger lacks a report",
        )
    )


def test_the_portal_takes_no_number_of_a_ledger_twice_whatever_the_agent_does(
    portal_keys: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that counts by itself: refused at the API, at the page, by the worker, and under all
    of them by the database.
    """
    cast = make_cast(1)
    (plant,) = cast.plants
    directory, key, now = keys.published_directory(), keys.receipt_key(), timezone.now()
    intake.receive(plant.envelope(cast.pack), directory, key, now)
    report = plant.report(cast.pack, 2)

    def numbered(sequence: int) -> bytes:
        return envelope.build(
            report, plant.header(2, ledger_sequence=sequence), plant.key, processing_public()
        )

    for sequence, code in ((1, "ledger-sequence-used"), (7, "ledger-sequence-wrong")):
        raw = numbered(sequence)
        (page,) = by_hand.take(plant.owner, [raw], directory, key, now, token_bytes)
        assert page.refusal is not None
        assert page.refusal.code == code
        with pytest.raises(SteplabelError) as refused:
            intake.receive(raw, directory, key, now)
        assert refused.value.code == code

    monkeypatch.setattr(admission, "_require_sequence", lambda *_: None)
    with pytest.raises(IntegrityError), transaction.atomic():
        intake.receive(numbered(1), directory, key, now)
    submission = intake.receive(numbered(7), directory, key, now).submission
    opening.sweep(keys.processing_key(), timezone.now)
    submission.refresh_from_db()
    assert (submission.state, submission.reason_code) == ("refused", "ledger-sequence-wrong")
