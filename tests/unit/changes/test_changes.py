"""What changed in a record, from arrays and from whole plants."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import StepLabel
from benchmarks.measurements import Period
from fixtures.simulator import mill
from fixtures.simulator.mistakes import (
    MISTAKES,
    Target,
    clock_from,
    one_product,
    rounded,
    scale,
    utc_as_local,
)
from reporting_agent import pipeline
from reporting_agent.analysis import analyse
from reporting_agent.changes import causes
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import Daily, jumps, of_product, told_from
from reporting_agent.changes.questioned_label import questioned
from reporting_agent.changes.review import ChangeQuestion, Review, review
from reporting_agent.changes.telling import sentence, to_declare
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.metering import clock_offsets
from reporting_agent.metering.clock_offsets import Bins
from reporting_agent.report import html, summary
from reporting_agent.report.label_json import label_json
from tests.analysed import analysed
from tests.functional.every_fault.silent import plant_of, try_case, try_clean

DAYS = np.arange(365, dtype=np.int64)


def noisy(seed: int, size: float = 0.02) -> np.ndarray:
    """Noise that lasts from day to day, and a season."""
    chance = np.random.default_rng(seed)
    lasting = np.convolve(chance.normal(0, size, len(DAYS) + 9), np.ones(10) / 10, mode="valid")
    return lasting + chance.normal(0, size, len(DAYS)) + 0.04 * np.cos(2 * np.pi * DAYS / 365)


@pytest.mark.parametrize("seed", range(20))
def test_a_year_that_only_drifts_has_no_change(seed: int) -> None:
    assert jumps(Daily(DAYS, noisy(seed))) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by", [-0.12, 0.2])
def test_a_step_is_found_on_its_day(seed: int, by: float) -> None:
    value = noisy(seed)
    value[200:] += by
    assert [abs(at - 200) <= 2 for at in jumps(Daily(DAYS, value))] == [True]


@pytest.mark.parametrize("seed", range(20))
def test_a_fault_that_fills_two_fifths_of_two_months_hides_in_no_noise_of_its_own(
    seed: int,
) -> None:
    value = noisy(seed)[:63]
    value[25:50] += np.log(2 / 3)
    assert [
        abs(at - day) <= 2 for at, day in zip(jumps(Daily(DAYS[:63], value)), (25, 50), strict=True)
    ] == [True, True]


def test_two_months_that_only_drift_have_no_change() -> None:
    assert sum(bool(jumps(Daily(DAYS[:63], noisy(seed)[:63]))) for seed in range(200)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_found_from_the_size_on_that_the_record_can_show(seed: int) -> None:
    least = told_from(Daily(DAYS, noisy(seed)))
    assert least is not None
    for times, count in ((0.4, 0), (1.5, 1)):
        value = noisy(seed)
        value[200:] += times * least
        assert len(jumps(Daily(DAYS, value))) == count


def test_a_record_of_forty_days_shows_no_step_at_all() -> None:
    assert told_from(Daily(DAYS[:40], noisy(1)[:40])) is None


def test_products_are_told_apart_by_neighbours_and_not_by_medians() -> None:
    product = np.array((["a"] * 4 + ["b"] * 4) * 50)
    value = np.where(product == "a", 1.0, 1.3)
    value[160:] -= 0.7  # more than half of the record
    freed = of_product(value, product)
    assert np.allclose(freed[:160] - freed[160], 0.7)
    assert np.ptp(freed[160:]) < 1e-9


@pytest.mark.parametrize(
    ("factor", "first"),
    [
        (0.5, ChangeCause.TRANSFORMER),
        (0.667, ChangeCause.PHASE),
        (0.001, ChangeCause.UNIT),
        (0.0, ChangeCause.DEAD),
        (0.8, ChangeCause.TRANSFORMER),
    ],
)
def test_a_factor_says_what_it_most_likely_is(factor: float, first: ChangeCause) -> None:
    assert causes.of_meter(factor, 0.002)[0] is first


def test_a_clock_hours_off_is_told_by_its_load() -> None:
    hour = 3_600_000_000
    start = np.arange(0, 60 * 24, 9, dtype=np.int64) * hour
    start += np.random.default_rng(1).integers(0, 3, len(start)) * hour
    end = start + 5 * hour
    edges = np.arange(-30, 61 * 24, dtype=np.int64) * hour
    running = clock_offsets.running_share(
        edges - 7 * hour, start, end
    )  # what happens at t is stamped t + 7 h
    offsets = clock_offsets.search(
        Bins(edges, running * 100 + 5, np.ones(len(running))), start, end
    )
    assert offsets.shifted.all()
    assert np.allclose(offsets.ahead_s, 7 * 3600, atol=60)


@pytest.mark.slow
def test_a_sound_year_is_not_asked_about() -> None:
    clean = try_clean("mill", 1)
    assert clean.questions == ()
    assert abs(clean.worst) < 0.002


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [mistake.id for mistake in MISTAKES])
def test_no_kind_passes_in_silence(kind: str) -> None:
    case = try_case("mill", kind, 1, 2)
    assert not case.silent, f"label {case.worst:+.2%}, asked: {case.questions}"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("generator", "kind", "place", "seed"),
    [
        ("cement", "short-tons", 2, 1),  # long tons in two fifths of half a year
        ("cement", "output-scale", 0, 3),
        ("steel", "one-product", 1, 3),  # in half of two months
        ("steel", "rounded-log", 2, 2),  # heats of an hour, to the hour
        ("mill", "unit-most", 2, 2),  # of more runs than are left
    ],
)
def test_what_once_passed_in_silence_is_told(
    generator: str, kind: str, place: int, seed: int
) -> None:
    case = try_case(generator, kind, place, seed)
    assert abs(case.worst) > 0.005
    assert case.told, case.questions
    assert kind == "rounded-log" or "rounded" not in "".join(case.questions)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("minutes", "low"), [(15, 0.005), pytest.param(60, 0.05, marks=pytest.mark.long)]
)
def test_no_batch_of_a_rounded_log_is_used_once_what_is_proposed_is_declared(
    tmp_path: Path, minutes: int, low: float
) -> None:
    """Of the three mills two begin when the miller is ready or on five minutes; the log of the
    second stands on quarter hours anyway.
    """
    year = mill.live(2)
    mill.write(year, tmp_path)
    every = tuple(line.name for line in mill.LINES)
    zone = ZoneInfo(year.zone)
    rounded(
        Target(
            tmp_path,
            "mill-1",
            "register",
            "mill-2",
            "interval",
            "mill-1",
            year.start_s,
            year.end_s,
            zone,
            every,
        ),
        minutes * 60,
    )
    asked, data = reviewed(tmp_path)
    written_as_they_were = {"mill-2"} if minutes == 15 else set()
    assert {question.change.kind for question in asked.open} == {ChangeKind.ROUNDING}
    assert {name for question in asked.open for name in question.change.equipment} == set(
        every
    ) - written_as_they_were
    assert {question.change.size for question in asked.open} == {60.0 * minutes}
    truth = year.labels()
    wrong = {
        product: value / truth[product] - 1 for product, value in labels_of(tmp_path, data).items()
    }
    assert len(wrong) == 3
    assert max(wrong.values()) < -low  # what would have left

    classifier = (
        '\n[[events]]\nstep = "cement-grinding"\nfrom = 2025-06-01\nkind = "process"\nreason = '
        '"New classifier."\n'
    )
    of_another_day, _ = reviewed(tmp_path, classifier)
    assert {question.change.kind for question in of_another_day.open} == {ChangeKind.ROUNDING}

    declared = "".join(f"\n{question.declare}" for question in asked.open)
    answered, left = reviewed(tmp_path, declared)
    answered.require_answers()
    used = {batch.equipment for batch in left.batches if batch.excluded is None}
    assert used == written_as_they_were
    remaining = replace(year, runs={name: runs for name, runs in year.runs.items() if name in used})
    labels = labels_of(tmp_path, left)
    assert set(labels) == (set(truth) if used else set())
    for product, value in labels.items():
        assert value == pytest.approx(remaining.labels()[product], rel=0.005)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_heats_of_a_log_to_the_half_hour_are_asked_about_on_every_line() -> None:
    case = try_case("steel", "rounded-log", 1, 1)
    assert case.told
    assert len(case.questions) == 3  # pauses of minutes show an edge no further than they are long


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_phase_lost_for_most_of_a_months_record_is_told() -> None:
    case = try_case("steel", "phase-lost", 2, 1)
    assert abs(case.worst) > 0.2
    assert case.told, case.questions


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_clock_of_heats_that_goes_wrong_half_way_is_a_clock_from_its_day_on(
    tmp_path: Path,
) -> None:
    """One of two parts of a record of two months: sure by itself, and no change of process."""
    target, period, _ = plant_of("steel", 1, 2, tmp_path)
    clock_from(target, -7200)
    site = load_site(tmp_path / "site.toml")
    (asked,) = review(site, pipeline.read(site, Period.parse(period, site.zone))).open
    assert asked.change.kind is ChangeKind.CLOCK
    assert asked.change.meters == (target.meter,)
    assert asked.change.size == pytest.approx(-7200, abs=60)
    assert asked.change.first == date(2025, 10, 17)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_readings_in_utc_are_told_by_summer_and_winter_and_what_is_pasted_puts_them_right(
    tmp_path: Path,
) -> None:
    target, _, truth = plant_of("mill", 1, 0, tmp_path)
    utc_as_local(target, 1.0)
    asked, _ = reviewed(tmp_path)
    changes = [
        (
            question.change.kind,
            question.change.first,
            question.change.until,
            round(question.change.size / 3600, 1),
        )
        for question in asked.open
    ]
    spring, autumn = date(2025, 3, 30), date(2025, 10, 26)
    assert changes == [
        (ChangeKind.ZONE, None, spring, -1.0),
        (ChangeKind.ZONE, spring, autumn, -2.0),
        (ChangeKind.ZONE, autumn, None, -1.0),
    ]
    answered, data = reviewed(tmp_path, "".join(f"\n{question.declare}" for question in asked.open))
    assert answered.open == ()
    for product, value in labels_of(tmp_path, data).items():
        assert value == pytest.approx(truth[mill.STEP, product], rel=0.002)


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three mills of which the first books 8 % too much from August on."""
    folder = tmp_path_factory.mktemp("scaled")
    year = mill.live(3)
    mill.write(year, folder)
    zone = ZoneInfo(year.zone)
    scale(
        Target(
            folder,
            "mill-1",
            "register",
            "mill-2",
            "interval",
            "mill-1",
            year.start_s,
            year.end_s,
            zone,
            (),
        ),
        1.08,
    )
    return folder


def reviewed(folder: Path, more: str = "") -> tuple[Review, pipeline.PlantData]:
    path = folder / "asked.toml"
    path.write_text((folder / "site.toml").read_text(encoding="utf-8") + more, encoding="utf-8")
    site = load_site(path)
    data = pipeline.read(site, Period.parse("2025", site.zone))
    return review(site, data), data


def labels_of(folder: Path, data: pipeline.PlantData) -> dict[str, float]:
    """What the data as read would be labelled, by product."""
    site = load_site(folder / "asked.toml")
    steps = pipeline.label_of(site, data, Period.parse("2025", site.zone)).steps
    return {
        label.variant: label.best.value
        for label in steps
        if label.metric.value == "electricity" and label.best.value is not None
    }


@pytest.mark.slow
def test_an_open_question_holds_the_release_and_says_what_to_declare(scaled: Path) -> None:
    asked, _ = reviewed(scaled)
    assert [(question.change.kind, question.change.equipment) for question in asked.open] == [
        (ChangeKind.OUTPUT, ("mill-1",))
    ]
    assert asked.open[0].change.size == pytest.approx(1.08, abs=0.01)
    assert abs((asked.open[0].change.first or date.min) - date(2025, 8, 15)).days <= 3
    with pytest.raises(PolicyRefusal, match="t per hour") as refused:
        asked.require_answers()
    assert refused.value.code == "change-unanswered"
    assert "[[events]]" in asked.open[0].declare
    assert 'equipment = "mill-1"' in asked.open[0].declare


@pytest.mark.slow
def test_a_declared_process_answers_and_its_reason_is_kept(scaled: Path) -> None:
    answer = (
        '\n[[events]]\nstep = "cement-grinding"\nequipment = "mill-1"\nfrom = 2025-08-15\nkind = '
        '"process"\nreason = "New classifier."\n'
    )
    asked, _ = reviewed(scaled, answer)
    assert asked.open == ()
    assert [question.to_json()["answered"] for question in asked.questions] == ["New classifier."]
    asked.require_answers()


@pytest.mark.slow
def test_what_the_record_could_not_show_is_said_of_every_meter(scaled: Path) -> None:
    asked, _ = reviewed(scaled)
    by_meter = {entry.meter: entry for entry in asked.limits}
    assert set(by_meter) == {"mill-1", "mill-2", "mill-3"}
    for limit in by_meter.values():
        assert limit.energy is not None
        assert limit.output is not None
        assert 0.025 <= limit.energy < 0.1
        assert 0.012 <= limit.output < 0.05
        assert f"{100 * limit.output:.1f} % of output" in str(limit.sentence)
    assert asked.limits[0].to_json() == {
        "meter": "mill-1",
        "carrier": "electricity",
        "step": "cement-grinding",
        "unit": "t",
    } | {
        "energy": by_meter["mill-1"].energy,
        "output": by_meter["mill-1"].output,
    }


@pytest.mark.slow
def test_an_event_of_another_line_or_day_answers_nothing(scaled: Path) -> None:
    event = (
        '\n[[events]]\nstep = "cement-grinding"\nequipment = "{}"\nfrom = {}\nkind = '
        '"process"\nreason = "x"\n'
    )
    for equipment, day in (("mill-2", "2025-08-15"), ("mill-1", "2025-05-01")):
        asked, _ = reviewed(scaled, event.format(equipment, day))
        assert len(asked.open) == 1


@pytest.mark.slow
def test_a_stop_answers_no_question_about_what_was_counted_since(scaled: Path) -> None:
    """It says that no batch is missing in its time, and nothing of scales or meters that were
    exchanged meanwhile.
    """
    stop = (
        '\n[[events]]\nstep = "cement-grinding"\nfrom = 2025-08-01\nuntil = 2025-08-20\nkind = '
        '"stopped"\nreason = "Overhaul."\n'
    )
    asked, _ = reviewed(scaled, stop)
    assert [question.change.kind for question in asked.open] == [ChangeKind.OUTPUT]
    with pytest.raises(PolicyRefusal):
        asked.require_answers()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begins", "ends", "answers"),
    [("2025-03-01", "2025-12-31", False), ("2025-03-01", "2025-08-14", True)],
)
def test_a_process_answers_at_its_beginning_and_its_end_and_not_between(
    scaled: Path, begins: str, ends: str, answers: bool
) -> None:
    times = f"from = {begins}\nuntil = {ends}"
    event = (
        f'\n[[events]]\nstep = "cement-grinding"\nequipment = "mill-1"\n{times}\nkind = '
        '"process"\nreason = "Old classifier."\n'
    )
    asked, _ = reviewed(scaled, event)
    assert len(asked.open) == (0 if answers else 1)


def test_the_data_without_what_is_questioned_lack_that_line_from_that_day_on(scaled: Path) -> None:
    asked, data = reviewed(scaled)
    first = asked.open[0].change.first
    assert first is not None
    left = asked.without(data, load_site(scaled / "site.toml").zone)
    gone = {batch.batch_id for batch in data.batches} - {batch.batch_id for batch in left.batches}
    zone = load_site(scaled / "site.toml").zone
    assert gone == {
        batch.batch_id
        for batch in data.batches
        if batch.equipment == "mill-1" and batch.start.astimezone(zone).date() >= first
    }


@pytest.mark.slow
def test_nothing_is_concluded_from_a_label_in_question(
    scaled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No grade, no sentence on what could be saved, no annual account: in label.json and on the
    page. Nor does another pack move one.
    """
    path = (
        scaled / "graded.toml"
    )  # of cement the limits hold where the site states what it bought ground
    path.write_text(
        (scaled / "site.toml").read_text(encoding="utf-8") + "[static]\nbought_ground_pct = 0\n",
        encoding="utf-8",
    )
    site = load_site(path)
    result = pipeline.label(site, Period.parse("2025", site.zone))
    shown = questioned(site, result, result.site_label.period.end)
    analysis = analyse(site, shown)
    graded = label_json(shown.result, analysis)
    assert {entry["grade"]["reason"] for entry in graded["steps"]} == {"change-unanswered"}
    assert {entry["grade"]["best_met"] for entry in label_json(result, analysis)["steps"]} != {
        None
    }  # as figures they would meet limits
    assert all(
        "change-unanswered" in {lack["code"] for lack in account["missing"]}
        for account in graded["route_accounts"]
    )
    for lang, asked, concluded in (
        ("en", "with the part that is in question", "avoided"),
        ("zh", "含存疑部分，最优的", "本可避免"),
    ):
        page = html.render(site, shown.result, analysis, lang, datetime(2026, 1, 5, tzinfo=UTC))
        assert asked in page
        assert concluded not in page
    pack = (
        (packs.HOME / "cement.toml")
        .read_text(encoding="utf-8")
        .replace('version = "1"', 'version = "4-proposed"', 1)
    )
    (scaled / "stricter.toml").write_text(
        pack.replace("grade1 = 26, grade2 = 29, grade3 = 34", "grade1 = 7, grade2 = 8, grade3 = 9")
    )
    capsys.readouterr()
    assert (
        main(
            [
                "pack",
                "diff",
                "cement",
                str(scaled / "stricter.toml"),
                "--site",
                str(path),
                "--period",
                "2025",
                "--json",
            ]
        )
        == 0
    )
    moved = json.loads(capsys.readouterr().out)
    assert moved["grades_move"]
    assert moved["grades"] == []


@pytest.mark.slow
def test_a_gap_of_a_label_in_question_is_marked_and_the_question_is_named(
    scaled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = load_site(scaled / "site.toml")
    result = pipeline.label(site, Period.parse("2025", site.zone))
    keys = ("step", "product", "variant", "boundary", "unit")
    steps = [
        {key: getattr(label, key) for key in keys} | {"metric": str(label.metric), "best": 20.0}
        for label in result.site_label.steps
    ]
    document = {
        "schema": "steplabel/benchmark/1",
        "pack": "cement",
        "pack_version": "1",
        "period": "2025",
        "version": 1,
        "steps": steps,
    }
    file = tmp_path / "benchmark.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    arguments = [
        "compare",
        "--site",
        str(scaled / "site.toml"),
        "--benchmark",
        str(file),
        "--state",
        str(tmp_path / "none"),
    ]
    assert main([*arguments, "--json"]) == 0
    gaps = json.loads(capsys.readouterr().out)["steps"]
    assert {gap["step"] for gap in gaps if gap["in_question"]} == {mill.STEP}
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "t per hour are 1.08" in shown
    assert shown.count("Findings put this label in doubt") == sum(
        gap["in_question"] for gap in gaps
    )


@pytest.mark.slow
def test_what_would_not_be_seen_stands_beside_the_label_in_terminal_and_on_the_first_screen(
    scaled: Path,
) -> None:
    site = load_site(scaled / "site.toml")
    result = pipeline.label(site, Period.parse("2025", site.zone))
    analysis = analysed(site, result)
    assert "of output are not seen" in summary.as_text(result, analysis.review.limits)
    assert "are not seen" not in summary.as_text(result)
    for lang, words in (("en", "of output are not seen"), ("zh", "时无法识别")):
        page = html.render(site, result, analysis, lang, datetime(2026, 1, 5, tzinfo=UTC))
        assert words in page[: page.index("<h2", page.index('class="figs"'))]


def declared(kind: ChangeKind, size: float, *likeliest: ChangeCause) -> str:
    change = Change(
        kind,
        "cement-grinding",
        ("mill-1",),
        ("mill-1",),
        date(2025, 7, 2),
        None,
        size,
        0.004,
        likeliest,
    )
    return to_declare(change, date(2025, 1, 1))


def test_what_has_an_exact_size_is_proposed_exactly() -> None:
    """A unit and a zone are what they are; a transformer's factor is as measured, beside the
    currents that would make it.
    """
    assert "factor = 0.001\n" in declared(
        ChangeKind.LEVEL, 988.0, ChangeCause.UNIT, ChangeCause.PHASE
    )
    assert "factor = 0.9072\n" in declared(
        ChangeKind.OUTPUT, 1.109, ChangeCause.UNIT, ChangeCause.SCALE
    )
    assert "factor = 1.977\n" in (
        of_currents := declared(
            ChangeKind.LEVEL, 0.5059, ChangeCause.TRANSFORMER, ChangeCause.PHASE
        )
    )
    assert "200/100 would be near" in of_currents
    assert 'offset = "-28800 s"\n' in (
        of_zone := declared(ChangeKind.ZONE, 28_821.0, ChangeCause.ZONE, ChangeCause.CLOCK)
    )
    assert "timezone" in of_zone
    assert 'offset = "-28380 s"\n' in declared(
        ChangeKind.ZONE, 28_380.0, ChangeCause.ZONE, ChangeCause.CLOCK
    )


def test_a_factor_that_is_not_known_is_neither_said_nor_proposed() -> None:
    wide = Change(
        ChangeKind.BALANCE,
        "melting",
        ("sub", "main"),
        (),
        None,
        None,
        10.58,
        13.0,
        (ChangeCause.TRANSFORMER, ChangeCause.CLOCK),
    )
    text = str(sentence(wide))
    assert "the second meter, above the first, sees at most 21 % of what the first shows" in text
    assert "10.58" not in text
    assert 'kind = "unusable"' in to_declare(wide, date(2025, 1, 1))
    narrow = Change(
        ChangeKind.BALANCE,
        "melting",
        ("sub", "main"),
        (),
        None,
        None,
        2.0,
        0.02,
        (ChangeCause.TRANSFORMER, ChangeCause.CLOCK),
    )
    assert "shows 2 ± 0.02 times" in str(sentence(narrow))
    assert "factor = 0.5" in to_declare(narrow, date(2025, 1, 1))


def test_a_question_writes_no_figure_as_a_power_of_ten() -> None:
    """A meter that nobody declared may count twelve times what the site's did, and a unit be off by
    ten thousand.
    """
    undeclared = Change(
        ChangeKind.UNDECLARED, "", ("gate",), (), None, None, 12.34, 0.0, (ChangeCause.DECLARED,)
    )
    assert "it is 1230 % of what" in str(sentence(undeclared))
    scaled = Change(
        ChangeKind.LEVEL,
        "melting",
        ("m",),
        (),
        date(2025, 3, 1),
        None,
        12_345.0,
        123.0,
        (ChangeCause.UNIT,),
    )
    assert "shows 12,340 ± 120 times" in str(sentence(scaled))
    assert "shows 0.00001235 ± 0.00000012 times" in str(
        sentence(replace(scaled, size=1.2346e-5, size_error=1.2e-7))
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("late_s", "phrase"),
    [(28_800.0, "the output that is 8 h later"), (-28_800.0, "the output that is 8 h earlier")],
)
def test_output_that_is_booked_early_is_told_as_earlier(late_s: float, phrase: str) -> None:
    assert phrase in str(
        sentence(
            Change(
                ChangeKind.BOOKED,
                "melting",
                (),
                ("f1",),
                None,
                None,
                late_s,
                0.0,
                (ChangeCause.BOOKING,),
            )
        )
    )


def test_a_products_scale_is_put_right_by_what_is_proposed(tmp_path: Path) -> None:
    target, period, truth = plant_of("mill", 1, 1, tmp_path)
    one_product(target, 1.15)
    path = tmp_path / "site.toml"
    text = path.read_text(encoding="utf-8")

    def asked_and_far(declared: str) -> tuple[tuple[ChangeQuestion, ...], float]:
        path.write_text(f"{text}\n{declared}\n", encoding="utf-8")
        site = load_site(path)
        year = Period.parse(period, site.zone)
        labelled = pipeline.label(site, year)
        far = (
            abs(label.best.value / truth[label.step, label.variant] - 1)
            for label in _electric(labelled.site_label.steps)
            if label.best.value
        )
        return review(site, labelled.data).open, max(far)

    (question,), wrong = asked_and_far("")
    assert question.change.product
    assert wrong > 0.03
    asked, near = asked_and_far(question.declare)
    assert (asked, near < 0.01) == ((), True)


def _electric(labels: Iterable[StepLabel]) -> Iterator[StepLabel]:
    return (label for label in labels if label.metric.value == "electricity")
