"""A meter that took another's place: said where it is not declared, and each counted for its own
time where it is.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from reporting_agent.analysis.meters.adequacy import adequacy
from reporting_agent.analysis.meters.adequacy_rules import Aspect
from reporting_agent.analysis.meters.balance import balances
from reporting_agent.analysis.waste.use import uses
from reporting_agent.changes.change import ChangeKind
from reporting_agent.changes.days import gaps_of_meters
from reporting_agent.changes.review import review
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, read
from reporting_agent.pipeline.meter_accounts import CODE
from reporting_agent.pipeline.site_balance import site_balance
from reporting_agent.report import summary
from tests.unit.meters.conftest import BEGIN, heats, meter, rate, register

Label = Callable[[SiteSettings], LabelResult]
Build = Callable[..., SiteSettings]

DAYS = 10
CHANGED = "2024-03-06"  # the first ends at noon of the 4th; the 5th is in no meter


def changed(
    a_site: Build, first: str | None = None, second: str | None = None, *, begins_h: float = 5 * 24
) -> SiteSettings:
    counted = register(lambda _: 600.0, DAYS)
    began = counted[0][0]
    since: dict[str, Any] = {"from": second}
    toml = meter("old", step='"eaf"', until=first) + meter("new", step='"eaf"', **since)
    readings = {
        "old": [row for row in counted if row[0] <= began + timedelta(days=3.5)],
        "new": [row for row in counted if row[0] >= began + timedelta(hours=begins_h)],
    }
    return a_site(toml, heats(24 * DAYS), readings)


def left_in(result: LabelResult) -> int:
    return sum(
        batch.excluded is None and all(energy.completeness > 0.98 for energy in batch.energy)
        for batch in result.data.batches
    )


def test_a_meter_that_begins_where_another_ends_is_said_with_the_lines_that_put_it_right(
    a_site: Build, labelled: Label
) -> None:
    result = labelled(changed(a_site))
    assert left_in(result) == 0
    (succession,) = [finding for finding in result.findings if finding.code == CODE]
    assert (
        f"Meter new begins on {CHANGED}, where meter old ends (2024-03-04)" in succession.sentence
    )
    assert (
        f"until = {CHANGED} in the [[meters]] table of old and from = {CHANGED} in that of new"
        in succession.sentence
    )
    assert in_language(succession.sentence, "zh") != succession.sentence
    assert f"until = {CHANGED}" in in_language(succession.sentence, "zh")
    assert succession.sentence in summary.as_text(result)
    elsewhere = tuple(
        replace(record, meter=record.meter.model_copy(update={"step": "ladle"}))
        for record in result.data.meters
    )
    of_another_step = replace(result, data=replace(result.data, meters=elsewhere))
    assert succession.sentence not in summary.as_text(
        of_another_step
    )  # a step's label tells of its own meters alone


def test_declared_each_counts_for_the_batches_of_its_own_time(
    a_site: Build, labelled: Label
) -> None:
    result = labelled(changed(a_site, CHANGED, CHANGED))
    assert not [finding for finding in result.findings if finding.code == CODE]
    assert left_in(result) == 3 * 24 + 12 + 5 * 24
    assert [energy.carrier for energy in result.data.batches[0].energy] == ["electricity"]
    assert {
        round(energy.quantity, 6) for batch in result.data.batches[-24:] for energy in batch.energy
    } == {500.0}


def test_two_meters_side_by_side_are_none(a_site: Build, labelled: Label) -> None:
    assert not [
        finding
        for finding in labelled(changed(a_site, begins_h=24)).findings
        if finding.code == CODE
    ]


def test_a_meter_does_not_end_before_it_begins(a_site: Build) -> None:
    with pytest.raises(InputError, match="until must be later than from"):
        a_site(meter("m", step='"eaf"', until="2024-03-01") + "from = 2024-03-02\n")


@pytest.mark.parametrize("read_on", [False, True], ids=["removed", "read on elsewhere"])
def test_what_a_meter_counted_and_missed_is_of_its_own_time(
    read_on: bool, a_site: Build, labelled: Label
) -> None:
    """600 kW over 30 days, by one meter for five and by another for 25: 432 MWh came over the
    fence, and the step took all of them.
    """
    counted = register(lambda _: 600.0, 30)
    day = counted[0][0] + timedelta(days=5)
    toml = meter("old", step='"eaf"', until="2024-03-06") + meter(
        "new", step='"eaf"', **{"from": "2024-03-06"}
    )
    fence = (
        '[site_boundary]\npurchased = [{carrier = "electricity", quantity = 432.0, unit = "MWh", '
        'period = "2024-03-01/2024-03-31"}]\n'
    )
    readings = {
        "old": [row for row in counted if row[0] <= day or read_on],
        "new": [row for row in counted if row[0] >= day],
    }
    site = a_site(toml + fence, heats(24 * 30), readings)
    result = labelled(site)
    assert [record.total for record in result.data.meters] == pytest.approx([72_000, 360_000])
    assert [record.missing_s for record in result.data.meters] == [0, 0]
    balance = site_balance(result.sitewide(site))
    assert balance is not None
    (electricity,) = balance.carriers
    assert electricity.residual == pytest.approx(0, abs=1)
    assert electricity.closes
    (use,) = uses(site, result)
    assert use.total == pytest.approx(432_000)
    assert use.missing_s == 0
    assert use.share == pytest.approx(50 / 60)
    assert not {
        issue.aspect for judgement in adequacy(site, result) for issue in judgement.issues
    } & {Aspect.COVERAGE}


@pytest.mark.parametrize("read_on", [False, True], ids=["removed", "read on elsewhere"])
@pytest.mark.parametrize("of_main", [1.0, 0.9])
def test_a_main_meter_is_held_against_each_sub_in_its_own_time(
    read_on: bool, of_main: float, a_site: Build, labelled: Label
) -> None:
    """Two subs, of which one took the other's place after five days, count all that flows on, or
    nine tenths of it.
    """
    counted = register(lambda _: 600.0, 30)
    day = counted[0][0] + timedelta(days=5)
    subs = meter("old", step='"eaf"', parent='"grid"', until="2024-03-06") + meter(
        "new", step='"eaf"', parent='"grid"', **{"from": "2024-03-06"}
    )
    readings = {
        "grid": [(at, value / of_main) for at, value in counted],
        "old": [row for row in counted if row[0] <= day or read_on],
        "new": [row for row in counted if row[0] >= day],
    }
    site = a_site(meter("grid") + subs, heats(24 * 30), readings)
    (balance,) = balances(site, labelled(site))
    assert (balance.hours, balance.hours_left_out) == (30 * 24, 0)
    assert balance.difference == pytest.approx(432_000 * (1 / of_main - 1), abs=1)
    assert balance.is_open is (of_main < 1)


@pytest.mark.parametrize("read_on", [False, True], ids=["removed", "read on elsewhere"])
@pytest.mark.parametrize("factor", [1.0, 1.25])
def test_a_sub_that_counts_more_than_the_main_sees_is_asked_about_where_another_was_exchanged(
    factor: float, read_on: bool, a_site: Build
) -> None:
    """Of two furnaces below a main meter one had its meter exchanged after thirty days; the other's
    counts `factor` of what flows.
    """
    days, exchanged = 60, 30
    chance = np.random.default_rng(7)
    loads = [chance.uniform(20_000, 40_000, days * 24 + 1).tolist() for _ in range(3)]

    def of_hour(load: int) -> Callable[[datetime], float]:
        return lambda moment: loads[load][int((moment - BEGIN) / timedelta(hours=1))]

    steady, other, elsewhere = (of_hour(load) for load in range(3))
    turn = BEGIN + timedelta(days=exchanged)

    def of_old(moment: datetime) -> float:
        return other(moment) if moment < turn else elsewhere(moment)

    readings = {
        "grid": register(lambda moment: steady(moment) + other(moment), days, 300),
        "steady": register(lambda moment: factor * steady(moment), days, 300),
        "old": [row for row in register(of_old, days, 300) if row[0] <= turn or read_on],
        "new": [row for row in register(other, days, 300) if row[0] >= turn],
    }
    since: dict[str, Any] = {"from": turn.date().isoformat()}
    toml = (
        meter("grid")
        + meter("steady", step='"eaf"', parent='"grid"', equipment='"f1"')
        + meter(
            "old", step='"eaf"', parent='"grid"', equipment='"f2"', until=turn.date().isoformat()
        )
        + meter("new", step='"eaf"', parent='"grid"', equipment='"f2"', **since)
    )
    site = a_site(
        toml, [*heats(24 * days, equipment="f1"), *heats(24 * days, equipment="f2")], readings
    )
    period = Period.parse("2024-03-01/2024-04-30", UTC)
    asked = [
        question.change
        for question in review(site, read(site, period)).questions
        if question.change.kind is ChangeKind.BALANCE
    ]
    assert [change.meters for change in asked] == ([("steady", "grid")] if factor > 1 else [])
    assert all(change.size == pytest.approx(factor, rel=0.01) for change in asked)


def test_rows_that_a_meter_lacks_are_told_by_all_the_time_in_which_it_was_read(
    a_site: Build, labelled: Label
) -> None:
    """Intervals of which every second is lacking from the middle of the month on, read for five
    days in place and for 25 elsewhere.
    """
    rows = [
        row
        for number, row in enumerate(rate(lambda _: 10.0, 30))
        if number % 2 or row[0] < BEGIN + timedelta(days=15)
    ]
    subs = meter("old", "interval", step='"eaf"', until="2024-03-06") + meter(
        "new", step='"eaf"', **{"from": "2024-03-06"}
    )
    site = a_site(subs, heats(24 * 30), {"old": rows, "new": register(lambda _: 600.0, 30)})
    assert gaps_of_meters(labelled(site).data.meters) == {"old": pytest.approx(0.25, abs=0.001)}


@pytest.mark.parametrize("read_on", [False, True], ids=["removed", "read on elsewhere"])
def test_what_a_formula_takes_off_is_of_each_meters_own_time(read_on: bool, a_site: Build) -> None:
    """600 kW come in, of which one meter, and after five days another, counts 200 for the next
    step; the rest is 400 kW in all runs.
    """
    counted, day = register(lambda _: 600.0, 30), BEGIN + timedelta(days=5)
    removed = register(lambda moment: 200.0 if moment < day else 250.0, 30)
    subs = meter(
        "old", step='"ladle-refining"', parent='"grid"', until="2024-03-06", accuracy_class="0.5"
    )
    subs += meter(
        "new",
        step='"ladle-refining"',
        parent='"grid"',
        accuracy_class="0.5",
        **{"from": "2024-03-06"},
    )
    rest = (
        '[[meters]]\nid = "rest"\nrole = "virtual"\nstep = "eaf"\ncarrier = "electricity"\nunit = '
        '"kWh"\n'
    )
    rest += 'formula = { plus = ["grid"], minus = ["old", "new"] }\n'
    readings = {
        "grid": counted,
        "old": [row for row in removed if row[0] <= day or read_on],
        "new": [row for row in register(lambda _: 200.0, 30) if row[0] >= day],
    }
    site = a_site(meter("grid", accuracy_class="0.5") + subs + rest, heats(24 * 30), readings)
    data = read(site, Period.parse("2024-03-01/2024-03-31", UTC), outward=True)
    assert data.outward is not None
    of_runs = [
        [entry for batch in batches for entry in batch.energy]
        for batches in (data.batches, data.outward.batches)
    ]
    for entries in of_runs:
        assert [entry.quantity for entry in entries] == pytest.approx(
            [400 * 50 / 60] * len(entries), rel=1e-6
        )
        assert {entry.completeness for entry in entries} == {1.0}
    assert np.ptp([entry.relative_uncertainty for entry in of_runs[0]]) < 1e-4
