"""Energy of a step's meters that no run of its label holds is told beside the label with its size;
what honest plants wait for is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.changes.change import ChangeKind
from reporting_agent.changes.review import review
from reporting_agent.config import SiteSettings
from tests.unit.meters.conftest import BEGIN, heats, meter, rate, register

Build = Callable[..., SiteSettings]
DAYS = 30
MAIN = meter("a", step='"eaf"')


def furnace(moment: datetime) -> float:
    """Of an hour's 25.1 MWh 25.0 are melting's, 250 kWh a tonne."""
    return 30_000.0 if moment.minute < 50 else 500.0


def fans(moment: datetime) -> float:
    """A tenth as much."""
    return 0.1 * furnace(moment)


def best_and_sentences(site: SiteSettings, march: Period) -> tuple[float, list[tuple[str, float]]]:
    """The label of electricity, and what is said to fall to none of its runs: the sentence and by
    how much the label would be higher.
    """
    own = next(
        label
        for label in pipeline.label(site, march).site_label.steps
        if label.step == "eaf" and label.metric is Metric.ELECTRICITY and label.used
    )
    sentences = [
        proviso.en
        for proviso in own.provisos
        if proviso.en.startswith("Some energy of this step is in no run that counts")
    ]
    assert own.best.value is not None
    return own.best.value, [
        (sentence, float(re.findall(r"higher by ([\d.]+)", sentence)[0])) for sentence in sentences
    ]


def lines(count: int) -> list[str]:
    """Heats by turns of a day on two names of one furnace."""
    return [
        row.replace(",,good", f",line-{'ab'[number // 24 % 2]},good")
        for number, row in enumerate(heats(count))
    ]


def row(start: datetime, minutes: int, tonnes: float, equipment: str, state: str = "") -> str:
    end = start + timedelta(minutes=minutes)
    return (
        f"x-{start:%d%H%M},eaf,,{start.isoformat()},{end.isoformat()},{tonnes},t,,{equipment},good,0"
        + (f",{state}" if state else "")
    )


TOKEN = [row(BEGIN + timedelta(days=day), 1430, 1.0, "fans") for day in range(DAYS)]
SHORT = meter("b", step='"eaf"', until="2024-03-11")
SHARED = meter("b", allocation='{ by = "power", power = { eaf = 1000, ladle-refining = 1 } }')


@pytest.mark.parametrize(
    ("second", "log", "of_b", "higher", "part"),
    [
        (
            meter("b", step='"eaf"', equipment='"line-a"'),
            lines(24 * DAYS),
            fans,
            25.0,
            "on meters with much of their energy outside their runs",
        ),
        (
            meter("b", step='"eaf"', equipment='"fans"'),
            [*heats(24 * DAYS), *TOKEN],
            fans,
            25.1,
            "in runs without product",
        ),
        (SHORT, heats(24 * DAYS), fans, 25.0, "in runs before or after a meter was in use"),
        (
            SHARED,
            heats(24 * DAYS),
            fans,
            16.8,
            "on meters with much of their energy outside their runs",
        ),
    ],
    ids=["a line that takes turns", "a token run a day", "no successor", "a power too low"],
)
def test_a_second_meter_that_few_runs_carry_is_told(
    a_site: Build,
    march: Period,
    second: str,
    log: list[str],
    of_b: Callable[[datetime], float],
    higher: float,
    part: str,
) -> None:
    """A tenth on the 250 kWh/t of the furnace's own meter; of a power of 1,000 kW the runs carry
    8.3, of 25.1 with what flows in pauses.
    """
    rows = {
        "a": register(furnace, DAYS, 300),
        "b": register(of_b, 10 if second is SHORT else DAYS, 300),
    }
    best, [(sentence, size)] = best_and_sentences(a_site(MAIN + second, log, rows), march)
    assert size == pytest.approx(higher, rel=0.05)
    assert part in sentence
    assert best == pytest.approx(250 + (8.3 if second is SHARED else 0), rel=0.01)


def test_runs_after_the_end_of_a_meter_are_asked_about(a_site: Build, march: Period) -> None:
    site = a_site(
        MAIN + SHORT,
        heats(24 * DAYS),
        {"a": register(furnace, DAYS, 300), "b": register(fans, 10, 300)},
    )
    [question] = [
        entry.change
        for entry in review(site, pipeline.read(site, march)).open
        if entry.change.kind is ChangeKind.UNCOUNTED
    ]
    assert question.meters == ("b",)
    assert question.size == pytest.approx(0.1 * 2 / 3 / (1 + 0.1 / 3), rel=0.05)


def peaks(moment: datetime) -> float:
    """Power with a peak every fourth minute."""
    return furnace(moment) * (2.0 if moment.minute % 4 == 2 else 1.0)


@pytest.mark.parametrize("how", ["range = [0.0, 40000.0]", "blank"])
def test_peaks_beyond_the_range_or_blank_are_told(a_site: Build, march: Period, how: str) -> None:
    """A quarter of the time at twice the load: 312 kWh/t read as 250."""
    shown = rate(peaks, DAYS)
    if how == "blank":
        shown = [(moment, float("nan") if value > 40_000 else value) for moment, value in shown]
    settings = MAIN.replace('"register"', '"rate"').replace('"kWh"', '"kW"') + (
        "" if how == "blank" else how + "\n"
    )
    best, [(sentence, size)] = best_and_sentences(
        a_site(settings, heats(24 * DAYS), {"a": shown}), march
    )
    assert best == pytest.approx(250, rel=0.02)
    assert size == pytest.approx(62.5, rel=0.25)
    assert ("in time without readings" if how == "blank" else "outside a meter's range") in sentence


@pytest.mark.parametrize(
    ("idle_kw", "is_told"), [(500.0, False), (1000.0, False), (12_000.0, True)]
)
def test_what_flows_in_pauses_is_told_beyond_what_plants_wait(
    a_site: Build, march: Period, idle_kw: float, is_told: bool
) -> None:
    """Ten minutes an hour: 20 kWh/t of 250 at 12 MW."""
    site = a_site(
        MAIN,
        heats(24 * DAYS),
        {"a": register(lambda moment: max(furnace(moment), idle_kw), DAYS, 300)},
    )
    _, sentences = best_and_sentences(site, march)
    assert bool(sentences) is is_told
    assert all(size == pytest.approx(idle_kw / 600, rel=0.05) for _, size in sentences)


def test_time_that_is_declared_unusable_and_a_successor_are_not_told(
    a_site: Build, march: Period
) -> None:
    """Runs that are left out have what their time tells, and a meter's successor its place."""
    both = meter("a", step='"eaf"', until="2024-03-11") + meter(
        "b", step='"eaf"', **{"from": "2024-03-11"}
    )
    unusable = (
        '[[events]]\nstep = "eaf"\nfrom = 2024-03-20\nuntil = 2024-03-26\nkind = '
        '"unusable"\nreason = "scale out of order"\n'
    )
    rows = {"a": register(furnace, DAYS, 300), "b": register(furnace, DAYS, 300)}
    assert not best_and_sentences(a_site(both + unusable, heats(24 * DAYS), rows), march)[1]


@pytest.mark.parametrize(
    ("every_h", "beside"),
    [(1, False), (2, False), (2, True)],
    ids=["a pause", "none", "a run without product"],
)
@pytest.mark.parametrize(("early", "is_told"), [(0.04, True), (0.003, False)])
def test_runs_that_end_early_while_the_furnace_goes_on_are_told(
    a_site: Build, march: Period, every_h: int, beside: bool, early: float, is_told: bool
) -> None:
    """Of heats of 50 minutes an end two minutes early, beside a true pause; of two hours without
    one five minutes; or next to nothing.
    """
    whole = 50 if every_h == 1 else 120
    log = heats(
        DAYS * 24 // every_h,
        minutes=round(whole * (1 - early)),
        tonnes=100.0 * every_h,
        every_h=every_h,
    )
    power = furnace if every_h == 1 else lambda moment: 25_000.0
    ends = [datetime.fromisoformat(line.split(",")[4]) for line in log] if beside else []
    log += [row(end, round(whole * early), 0.0, "") for end in ends if round(whole * early)]
    _, sentences = best_and_sentences(a_site(MAIN, log, {"a": register(power, DAYS, 60)}), march)
    assert len(sentences) == is_told
    for sentence, size in sentences:
        assert "at the power of runs" in sentence
        assert size == pytest.approx(250 * early, rel=0.15)


@pytest.mark.parametrize(("every", "is_told"), [(1, True), (60, False)])
def test_rows_without_an_end_hide_no_pause_but_few(
    a_site: Build, march: Period, every: int, is_told: bool
) -> None:
    """Of two hours' heats an end five minutes early each, a row without an end in every pause; or
    one of sixty was lost so.
    """
    ends_early = every == 1
    log = heats(DAYS * 12, minutes=115 if ends_early else 120, tonnes=200.0, every_h=2)
    lost = [
        row(BEGIN + timedelta(hours=2 * number, minutes=116), 0, 1.0, "")
        for number in range(0, DAYS * 12, every)
    ]
    if not ends_early:
        lost = log[::every]
        log = [line for number, line in enumerate(log) if number % every]
    lost = [",".join([*(cells := line.split(","))[:4], "", *cells[5:]]) for line in lost]
    _, sentences = best_and_sentences(
        a_site(MAIN, [*log, *lost], {"a": register(lambda moment: 25_000.0, DAYS, 60)}), march
    )
    assert bool(sentences) is is_told
