"""What the browser tests look at: 25 cement plants, a published version, reports that came in
since, one refused, two missing.

Everything goes the real way: sealed envelopes through intake, opened by the worker's code,
composed, gated, published by a second person. Only the labels are made by hand, on the pack's
public grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

from django.utils import timezone

from benchmarks.measurements import Metric
from benchmarks.released import ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.wire import envelope
from benchmarks.wire.schema import Report
from portal import keys
from portal.accounts import second_factor
from portal.accounts.models import User
from portal.assurance.assigning import assign
from portal.catalogue.periods import open_period
from portal.intake import receiving as intake
from portal.opening import unsealing as opening
from portal.publication import drafting, publishing
from portal.standings import computing as standings
from tests.integration.portal_cast import Cast, Plant, make_cast, processing_public

PERIOD = "2025"  # limits of standards are in force
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # after the lag
FEW_FIRMS = 5  # report the clinker kiln's heat: too few to be shown
REPORTED_FIRST = 20
PLANTS = 25  # the last two have not reported
OWNER = 3
FEWEST = 8  # firms that the gate asks for


@dataclass(frozen=True)
class World:
    cast: Cast
    sealed_file: bytes  # a report of the last plant, not handed in yet
    altered_file: bytes  # the same with one byte changed
    owner: User  # of a plant with gaps to close
    newcomer: User  # of a plant that has not reported
    carrier: User  # of the plant whose file is carried by hand


@dataclass(frozen=True)
class Sector:
    """Another sector, published from a few plants; `owner` has one of them."""

    pack: str
    cast: Cast
    owner: User


def build_cement() -> Sector:
    """Every firm reports the kiln's heat, which is therefore shown; the last but one uses much more
    than the others.
    """
    return _sector(
        "cement",
        lambda plant, cast, index: _receive(
            plant.envelope(cast.pack, shift=20 if index == FEWEST - 2 else index, period=PERIOD)
        ),
    )


def build_steel() -> Sector:
    return _sector("steel")


def build_aluminium() -> Sector:
    return _sector("aluminium")


def _sector(pack: str, hand_in: Callable[[Plant, Cast, int], None] | None = None) -> Sector:
    """Just enough firms for the gate."""
    cast = make_cast(FEWEST, pack)
    _give_second_factors()
    period = open_period(cast.group, PERIOD, "test", NOW)
    for index, plant in enumerate(cast.plants):
        (hand_in or _hand_in)(plant, cast, index)
    opening.sweep(keys.processing_key(), lambda: NOW)
    standings.compute(period, "worker", NOW)
    publishing.publish(
        drafting.draft(period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    return Sector(pack, cast, cast.plants[OWNER].owner)


def build() -> World:
    cast = make_cast(PLANTS, "cement")
    _give_second_factors()
    period = open_period(cast.group, PERIOD, "test", NOW)
    for index, plant in enumerate(cast.plants[:REPORTED_FIRST]):
        _hand_in(plant, cast, index)
    opening.sweep(keys.processing_key(), lambda: NOW)
    standings.compute(period, "worker", NOW)
    first = drafting.draft(period, cast.drafter, NOW)
    publishing.publish(first, cast.approver, keys.receipt_key(), NOW)
    for index in (REPORTED_FIRST, REPORTED_FIRST + 1):
        _hand_in(cast.plants[index], cast, index)
    refused = cast.plants[REPORTED_FIRST + 2]
    _receive(
        _sealed(
            refused,
            cast,
            REPORTED_FIRST + 2,
            change=lambda report: replace(report, pack_digest=b"\x00" * 32),
        )
    )
    opening.sweep(keys.processing_key(), timezone.now)
    assign(cast.body, cast.plants[OWNER].site, PERIOD, cast.approver, NOW)
    assign(cast.body, cast.plants[-2].site, PERIOD, cast.approver, NOW)
    last = cast.plants[-1]
    sealed = _sealed(last, cast, PLANTS - 1)
    altered = bytearray(sealed)
    altered[len(altered) // 2] ^= 1
    return World(
        cast,
        sealed,
        bytes(altered),
        cast.plants[OWNER].owner,
        cast.plants[-2].owner,
        last.owner,
    )


def _give_second_factors() -> None:
    for user in User.objects.all():
        if second_factor.needed_by(user):
            second_factor.give(user)


def _hand_in(plant: Plant, cast: Cast, index: int) -> None:
    _receive(_sealed(plant, cast, index))


def _receive(raw: bytes) -> None:
    intake.receive(raw, keys.published_directory(), keys.receipt_key(), NOW)


def _sealed(
    plant: Plant, cast: Cast, index: int, change: Callable[[Report], Report] = lambda report: report
) -> bytes:
    report = plant.report(cast.pack, period=PERIOD)
    labels = tuple(
        _shifted(label, step, index) for step, label in enumerate(report.released.labels)
    )
    released = replace(report.released, labels=labels)
    report = change(
        replace(report, released=_without_thermal(released) if index >= FEW_FIRMS else released)
    )
    return envelope.build(report, plant.header(period=PERIOD), plant.key, processing_public())


def _without_thermal(released: ReleasedReport) -> ReleasedReport:
    """As an agent says it whose plant measures too few batches of a kiln's heat: no label, and the
    reason.
    """
    labels = tuple(label for label in released.labels if label.metric is not Metric.THERMAL)
    withheld = tuple(
        (label.step, label.metric.value, "too-few-batches")
        for label in released.labels
        if label not in labels
    )
    return replace(released, labels=labels, withheld=(*released.withheld, *withheld))


def _shifted(label: ReleasedLabel, step: int, index: int) -> ReleasedLabel:
    """Plants differ by about 2 % of the value, more in some steps than in others; the order of
    plants changes from step to step. The owner's kiln has a gap that is told from noise.

    Whoever reports after the first version is not among the best: a mean of the best that one of
    them made up would be held.
    """
    typical = abs(float(label.typical_value)) or 1.0
    away = (index * (3 + step) + 5) % 17 - 8 if index < REPORTED_FIRST else 8
    if (index, label.step) == (OWNER, "clinker-burning"):
        away = 14
    points = round(Fraction(away * typical * 0.004) / label.grid.width)
    return replace(
        label, best=_moved(label.best, points, label), typical=_moved(label.typical, points, label)
    )


def _moved(quantile: ReleasedQuantile, points: int, label: ReleasedLabel) -> ReleasedQuantile:
    return replace(
        quantile, grid_point=min(max(quantile.grid_point + points, 0), label.grid.points - 1)
    )
