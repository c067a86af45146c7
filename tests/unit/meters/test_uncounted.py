"""Energy of a step that is in no batch, check meters that differ, meters that nobody declared:
told, and held back until answered.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.analysis import analyse
from reporting_agent.changes.change import ChangeCause, ChangeKind
from reporting_agent.changes.lines import lines_of
from reporting_agent.changes.questioned_label import questioned
from reporting_agent.changes.review import Review, review
from reporting_agent.config import SiteSettings
from tests.unit.agent_read.small_works import Ran, labelled, took, works
from tests.unit.meters.conftest import heats, meter, register

Build = Callable[..., SiteSettings]
DAYS = 30
OWN = (ChangeKind.UNCOUNTED, ChangeKind.CHECK, ChangeKind.UNDECLARED)
MAIN = meter("a", step='"eaf"')
OF_GAS = {"step": '"eaf"', "parent": '"g"', "carrier": '"natural-gas"'}


def furnace(moment: datetime) -> float:
    return 30_000.0 if moment.minute < 50 else 500.0


def half(moment: datetime) -> float:
    return 0.5 * furnace(moment)


@pytest.fixture
def asked(a_site: Build, march: Period) -> Callable[..., Review]:
    """What is asked of a furnace of meter a and of a second register b, with and without a period
    alike.
    """

    def look(second: str, of_b: Callable[[datetime], float] = half, whole: bool = False) -> Review:
        site = a_site(
            MAIN + second,
            heats(24 * DAYS),
            {"a": register(furnace, DAYS, 300), "b": register(of_b, DAYS, 300)},
        )
        return review(site, pipeline.read(site, None if whole else march))

    return look


def open_questions(asked: Review) -> list[tuple[ChangeKind, float]]:
    return [
        (question.change.kind, round(question.change.size, 3))
        for question in asked.open
        if question.change.kind in OWN
    ]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("second", "kind", "size"),
    [
        (meter("b", step='"eaf"', equipment='"press-9"'), ChangeKind.UNCOUNTED, 1 / 3),
        (meter("b", step='"eaf"', until="2024-03-01"), ChangeKind.UNCOUNTED, 1 / 3),
        (meter("b", step='"eaf"', **{"from": "2024-04-01"}), ChangeKind.UNCOUNTED, 1 / 3),
        (meter("b", step='"eaf"', role='"check"', checks='"a"'), ChangeKind.CHECK, 0.5),
        ("", ChangeKind.UNDECLARED, 0.5),
    ],
)
def test_a_second_register_that_counts_nowhere_is_asked_about_and_nothing_leaves(
    asked: Callable[..., Review], second: str, kind: ChangeKind, size: float, whole: bool
) -> None:
    reviewed = asked(second, whole=whole)
    [(asked_kind, told_size)] = open_questions(reviewed)
    assert asked_kind is kind
    assert told_size == pytest.approx(size, abs=2e-3)
    with pytest.raises(PolicyRefusal) as refused:
        reviewed.require_answers()
    assert refused.value.code == "change-unanswered"


def test_a_meter_that_follows_in_another_year_is_no_part_of_this_one(
    a_site: Build, march: Period
) -> None:
    later = [(at + timedelta(days=400), value) for at, value in register(half, DAYS, 300)]
    readings = {"a": register(furnace, DAYS, 300), "b": later}
    site = a_site(MAIN, heats(24 * DAYS), readings)
    assert not open_questions(review(site, pipeline.read(site, march)))


@pytest.mark.parametrize(("since", "first"), [(0, None), (15, "2024-03-16")])
def test_a_check_meter_in_another_unit_is_told_by_its_unit_and_what_is_pasted_answers_it(
    asked: Callable[..., Review], since: int, first: str | None
) -> None:
    turn = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=since)

    def in_mwh(moment: datetime) -> float:
        return furnace(moment) * (0.001 if moment >= turn else 1.0)

    check = meter("b", step='"eaf"', role='"check"', checks='"a"')
    (question,) = asked(check, in_mwh).open
    assert question.change.causes[0] is ChangeCause.UNIT
    assert question.to_json()["from"] == first
    assert 'kind = "unit"' in question.declare
    assert "factor = 1000.0" in question.declare
    assert not asked(check + question.declare, in_mwh).open


def test_a_person_answers_it_with_a_reason(asked: Callable[..., Review]) -> None:
    answer = (
        '[[events]]\nmeter = "b"\nfrom = 2024-03-01\nkind = "process"\nreason = "the old press, '
        'sold to the neighbour; contract 7"\n'
    )
    reviewed = asked(meter("b", step='"eaf"', equipment='"press-9"') + answer)
    assert not open_questions(reviewed)
    assert [question.change.kind for question in reviewed.answered] == [ChangeKind.UNCOUNTED]


@pytest.mark.parametrize(
    "declared",
    [
        'meter = "b"\nfrom = 2024-03-20\nkind = "process"',  # of another day
        'meter = "b"\nfrom = 2023-03-01\nkind = "process"',  # of another record
        # over, while the meter counts on
        'meter = "b"\nfrom = 2024-03-01\nuntil = 2024-03-05\nkind = "process"',
        'step = "eaf"\nfrom = 2024-03-01\nkind = "stopped"',
        'meter = "b"\nfrom = 2024-03-01\nkind = "rounding"',
    ],
)
def test_what_is_declared_of_something_else_answers_nothing_that_is_so_throughout(
    asked: Callable[..., Review], declared: str
) -> None:
    reviewed = asked(
        meter("b", step='"eaf"', equipment='"press-9"')
        + f'[[events]]\n{declared}\nreason = "new electrodes"\n'
    )
    assert [kind for kind, _ in open_questions(reviewed)] == [ChangeKind.UNCOUNTED]


@pytest.mark.parametrize(
    ("second", "of_b"),
    [
        (meter("b"), half),  # of a building: it is said to count for no step
        (
            meter("b", step='"eaf"', equipment='"press-9"'),
            lambda moment: 100.0,
        ),  # a line that stood draws a little
        (
            meter("b", step='"eaf"', role='"check"', checks='"a"'),
            lambda moment: 1.005 * furnace(moment),
        ),
        (
            meter("b", step='"eaf"', role='"check"', checks='"a"', accuracy_class=10),
            lambda moment: 1.05 * furnace(moment),
        ),
        (meter("b", parent='"a"', role='"sub"'), half),
        ("", lambda moment: 100.0),
    ],
)
def test_what_honest_sites_have_is_not_asked_about(
    asked: Callable[..., Review], second: str, of_b: Callable[[datetime], float]
) -> None:
    assert not open_questions(asked(second, of_b))


def test_a_meter_that_another_one_took_over_from_may_be_read_on(
    a_site: Build, march: Period
) -> None:
    both = meter("a", step='"eaf"', until="2024-03-11") + meter(
        "b", step='"eaf"', **{"from": "2024-03-11"}
    )
    rows = {"a": register(furnace, DAYS, 300), "b": register(furnace, DAYS, 300)}
    site = a_site(both, heats(24 * DAYS), rows)
    assert not open_questions(review(site, pipeline.read(site, march)))


def test_an_undeclared_meter_of_intervals_is_taken_as_one(a_site: Build, march: Period) -> None:
    intervals = [(moment, 250.0 + moment.hour) for moment, _ in register(furnace, DAYS, 3600)]
    site = a_site(MAIN, heats(24 * DAYS), {"a": register(furnace, DAYS, 300), "b": intervals})
    [question] = [
        entry
        for entry in review(site, pipeline.read(site, march)).open
        if entry.change.kind is ChangeKind.UNDECLARED
    ]
    assert question.change.size == pytest.approx(261.5 / (30_000 * 5 / 6 + 500 / 6), rel=0.01)
    assert 'id = "b"' in question.declare


NOWHERE, IN_THE_FILE = (
    "Some meters count for no step",
    "Some meters are declared to be below a meter of this step",
)


def beside(site: SiteSettings, march: Period, begins: str = NOWHERE) -> list[str]:
    """What the label of the electricity of heats says of meters that count for no step, or hang on
    its own in the file alone.
    """
    labels = pipeline.label(site, march).site_label.steps
    own = next(
        label for label in labels if label.step == "eaf" and label.metric is Metric.ELECTRICITY
    )
    return [proviso.en for proviso in own.provisos if proviso.en.startswith(begins)]


FEW = 5
FENCE = '[site_boundary]\nothers = [{ carrier = "electricity", meter = "b", reason = "offices" }]\n'


@pytest.mark.parametrize(
    ("second", "is_told"),
    [
        (meter("b"), True),
        (meter("b", role='"sub"'), True),
        (meter("b", role='"virtual"', step='"eaf"'), True),  # without a formula it never counts
        (meter("b", step='"ladle-refining"'), True),  # which ran nothing
        (
            meter("b", direction='"export"'),
            True,
        ),  # of no step: said to be exported, and sold to nobody
        (
            meter("b", direction='"recovered"', parent='"a"'),
            True,
        ),  # a turned meter below the furnace's
        (meter("b", parent='"a"', role='"sub"'), False),
        (meter("b", role='"check"', checks='"a"'), False),
        (meter("b") + FENCE, False),
    ],
)
def test_a_meter_of_no_step_is_told_beside_the_label_with_its_size(
    a_site: Build, march: Period, second: str, is_told: bool
) -> None:
    """Half of the furnace's energy again: fans of 9 kWh/t beside a mill of 23 made cement 22.6 for
    31.5 kWh/t.
    """
    rows = {
        "a": register(furnace, FEW, 300),
        "b": register(half, FEW, 300),
        "c": register(lambda moment: 300.0, FEW, 300),
    }
    site = a_site(MAIN + second, heats(24 * FEW), rows)
    sentences = beside(site, march)
    assert len(sentences) == is_told
    if is_told:
        output = 24 * FEW * 100.0
        size = (
            0.5
            * sum(furnace(moment) for moment, _ in register(furnace, 1, 60)[:-1])
            / 60
            * FEW
            / output
        )
        assert (
            f"If their energy belonged to this step, the label would be higher by {size:.3g} kWh/t"
            in sentences[0]
        )


def test_a_main_meter_is_held_by_its_balance_and_told_nothing_beside(
    a_site: Build, march: Period
) -> None:
    rows = {
        "a": register(furnace, FEW, 300),
        "b": register(lambda moment: 1.02 * furnace(moment), FEW, 300),
    }
    assert not beside(
        a_site(meter("b") + meter("a", step='"eaf"', parent='"b"'), heats(24 * FEW), rows), march
    )
    rest = (
        meter("b")
        + meter("a", step='"eaf"')
        + meter("rest", role='"virtual"', step='"eaf"', formula='{ plus = ["b"], minus = ["a"] }')
    )
    assert not beside(a_site(rest, heats(24 * FEW), rows), march)


REST = meter("rest", role='"virtual"', step='"eaf"', formula='{ plus = ["a"], minus = ["b"] }')


@pytest.mark.parametrize(
    ("toml", "is_told"),
    [
        (meter("a", step='"eaf"', subs='"some"') + meter("b", parent='"a"'), True),
        (meter("a", step='"eaf"') + meter("b", parent='"a"'), True),  # and its balance is open
        (
            meter("a", step='"eaf"') + meter("b", parent='"a"', step='"eaf"'),
            True,
        ),  # counted by the one above it
        (
            meter("a", step='"eaf"')
            + meter("between", parent='"a"')
            + meter("b", parent='"between"'),
            True,
        ),
        (
            meter("a") + meter("b", parent='"a"') + REST,
            False,
        ),  # taken off, and told as one that counts nowhere
        (
            meter("a", step='"eaf"') + meter("b", parent='"a"') + meter("c", parent='"a"'),
            False,
        ),  # the two make it up
        (meter("a", step='"eaf"', subs='"some"') + meter("b", parent='"a"') + FENCE, False),
    ],
)
def test_a_meter_that_hangs_on_a_counted_one_in_the_file_alone_is_told(
    a_site: Build, march: Period, toml: str, is_told: bool
) -> None:
    """Half of the furnace's energy again, of fans that are said to be part of it: 32.4 kWh/t of a
    mill as 22.5.
    """
    rows = {
        name: register(half, FEW, 300) for name in ("b", "c", "between") if f'id = "{name}"' in toml
    }
    sentences = beside(
        a_site(toml, heats(24 * FEW), {"a": register(furnace, FEW, 300), **rows}),
        march,
        IN_THE_FILE,
    )
    assert len(sentences) == is_told
    if is_told:
        size = (
            0.5
            * sum(furnace(moment) for moment, _ in register(furnace, 1, 60)[:-1])
            / 60
            * FEW
            / (24 * FEW * 100.0)
        )
        assert f"b (electricity) {size:.3g}" in sentences[0]


def test_what_is_taken_off_a_step_and_counted_nowhere_is_told(a_site: Build, march: Period) -> None:
    rows = {"a": register(furnace, FEW, 300), "b": register(lambda _: 3_000.0, FEW, 300)}
    (sentence,) = beside(
        a_site(meter("a") + meter("b", parent='"a"') + REST, heats(24 * FEW), rows), march
    )
    assert (
        "b (electricity) 30 kWh/t. If their energy belonged to this step, the label would be "
        "higher by 30 kWh/t." in sentence
    )


def test_what_no_meter_below_a_main_meter_measures_is_told(a_site: Build, march: Period) -> None:
    """Works of which the furnace's meter measures two thirds, by whatever `subs` says of the
    rest.
    """
    rows = {
        "a": register(furnace, FEW, 300),
        "b": register(lambda moment: 1.5 * furnace(moment), FEW, 300),
    }
    for subs in ("all", "some"):
        site = a_site(
            meter("b", subs=f'"{subs}"') + meter("a", step='"eaf"', parent='"b"'),
            heats(24 * FEW),
            rows,
        )
        (sentence,) = beside(site, march)
        assert "b (electricity, beyond the meters below it) 125 kWh/t" in sentence
    toml = (
        meter("b") + meter("a", step='"eaf"') + meter("c", step='"eaf"', parent='"b"')
    )  # no main meter of the little below it
    (sentence,) = beside(
        a_site(toml, heats(24 * FEW), rows | {"c": register(lambda _: 300.0, FEW, 300)}), march
    )
    assert "b (electricity, beyond the meters below it) 373 kWh/t" in sentence


def test_a_meter_of_coal_that_only_a_kiln_burns_is_told_beside_no_mill(tmp_path: Path) -> None:
    """Stepless coal of a boiler house: beside the kiln, which takes coal, and not beside the mill,
    which may and does not.
    """
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        f"boilers,{(begin + timedelta(hours=6 * number)).isoformat()},{100.0 * number}"
        for number in range(4 * 60 + 1)
    ]
    (tmp_path / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *rows]) + "\n", encoding="utf-8"
    )
    coal = 'readings = "readings.csv"\n' + meter("boilers", unit="t", carrier='"coal"', lhv=24000)
    kiln = Ran(5000, [took("coal", 100, "kg", 24.0), took("electricity", 26, "kWh")])
    mill = Ran(3000, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    result = labelled(
        works(tmp_path, "cement", {"clinker-burning": kiln, "cement-grinding": mill}, coal)
    )
    steps = {
        label.step
        for label in result.site_label.steps
        if any("Some meters count for no step" in why.en for why in label.provisos)
    }
    assert steps == {"clinker-burning"}


def test_a_meter_is_held_against_the_runs_of_its_own_step(a_site: Build, march: Period) -> None:
    """Runs of both steps carry the same ids and begin together, as days that are called by their
    date: 100 t of one, 90 t of the other.
    """
    rows = [
        row.replace(f"{step}-", "R", 1)
        for step, tonnes in (("eaf", 100.0), ("ladle-refining", 90.0))
        for row in heats(240, step=step, tonnes=tonnes)
    ]
    toml = MAIN + meter("b", step='"ladle-refining"')
    data = pipeline.read(
        a_site(toml, rows, {"a": register(furnace, 10, 300), "b": register(half, 10, 300)}), march
    )
    assert [
        (line.meter, line.step, {batch.output for batch in line.batches})
        for line in lines_of(data, UTC)
    ] == [
        ("a", "eaf", {100.0}),
        ("b", "ladle-refining", {90.0}),
    ]


def test_of_one_carrier_one_meter_may_count_volume_and_another_heat(
    a_site: Build, march: Period
) -> None:
    """Gas of all furnaces by its heat until 3 March, of furnace F1 by its volume, and the site's
    own above both by its volume.
    """
    tree = meter("g", unit="Nm3", carrier='"natural-gas"') + meter(
        "g1", unit="Nm3", **OF_GAS, equipment='"F1"'
    )
    tree += meter("g2", unit="MJ", **OF_GAS, until="2024-03-03")
    volume, lines = (
        register(lambda _: 500.0, 6, 600),
        [*heats(24 * 5, equipment="F1"), *heats(24 * 5, equipment="F2")],
    )
    readings = {
        "a": register(furnace, 6, 600),
        "g": volume,
        "g1": volume,
        "g2": register(lambda _: 20_000.0, 6, 600),
    }
    site = a_site(MAIN + tree, lines, readings)
    analysis = analyse(site, questioned(site, pipeline.label(site, march), march.end))
    assert [use.unit for use in analysis.value_adding] == ["kWh", "Nm3", "MJ"]
    assert analysis.balances == ()


@pytest.mark.parametrize(("an_hour", "is_told"), [(1_000.0, False), (2_000.0, True)])
def test_what_a_main_meter_counts_by_volume_is_held_against_meters_of_heat_below_it(
    a_site: Build, march: Period, an_hour: float, is_told: bool
) -> None:
    """500 Nm3 an hour of furnace F1, and as much of F2 by its heat at 40 MJ/Nm3."""
    tree = meter("g", unit="Nm3", carrier='"natural-gas"') + meter(
        "g1", unit="Nm3", **OF_GAS, equipment='"F1"'
    )
    tree += meter("g2", unit="MJ", **OF_GAS, equipment='"F2"')
    tree += (
        '[[lhv]]\ncarrier = "natural-gas"\nvalue = 40.0\nfrom = "2024-01-01"\nsource = "measured"\n'
    )
    readings = {
        "g": register(lambda _: an_hour, FEW, 300),
        "g1": register(lambda _: 500.0, FEW, 300),
        "g2": register(lambda _: 20_000.0, FEW, 300),
    }
    lines = [row for furnace in ("F1", "F2") for row in heats(24 * FEW, equipment=furnace)]
    labels = pipeline.label(
        a_site(MAIN + tree, lines, readings | {"a": register(furnace, FEW, 300)}), march
    ).site_label.steps
    total = next(label for label in labels if label.metric is Metric.TOTAL)
    assert total.best.value is not None
    assert any(proviso.en.startswith(NOWHERE) for proviso in total.provisos) is is_told
