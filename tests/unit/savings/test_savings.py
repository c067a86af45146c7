"""What an action saved, from files to finding: told where the data carry it, and the reason where
they do not.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from reporting_agent.analysis.baselines.production import lines_of
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.review import ChangeQuestion, Review
from reporting_agent.cli import main
from reporting_agent.config import Meter, load_site
from reporting_agent.config.tree import MeterTree
from reporting_agent.report.sections.savings import data
from reporting_agent.savings import VerifiedSaving, load_actions, verified
from reporting_agent.savings.telling import SavingVerdict
from reporting_agent.savings.verified import forecast
from tests.statistical.savings import FIRST, Kind, write, write_batches, write_readings

TODAY = FIRST + timedelta(days=800)
DAY = FIRST + timedelta(days=365)  # of the action
STEP = Kind("a step", (0.08, 0.08))
NOTHING = Kind("none", (0.0, 0.0))


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """A mill whose action saves 8 % of its energy over 180 days."""
    write(tmp_path, STEP, np.random.default_rng(1), 365, 180)
    return tmp_path


def verifications_of(folder: Path, today: date = TODAY) -> tuple[VerifiedSaving, ...]:
    site = load_site(folder / "site.toml")
    return verified(site, load_actions(site), today)[0]


def amend(folder: Path, old: str, new: str, file: str = "actions.toml") -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def rewrite(file: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Every row of a table but its head, changed as cells."""
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text(
        "\n".join([head, *(",".join(change(row.split(","))) for row in rows)]) + "\n",
        encoding="utf-8",
    )


def without_events(folder: Path) -> None:
    text = (folder / "site.toml").read_text(encoding="utf-8")
    (folder / "site.toml").write_text(
        text[: text.index("[[events]]")] + text[text.index("[variables") :], encoding="utf-8"
    )


def steady(
    folder: Path, *, produced: float = 1.0, booked: float = 1.0, scatter: float = 0.02
) -> None:
    """A mill whose action saves nothing, with a meter of the whole site above: from its day on it
    makes and books so many times as much.
    """
    rng, number = np.random.default_rng(3), np.arange(365 + 180)
    write(folder, NOTHING, rng, 365, 180)
    later, swings = number >= 365, rng.standard_normal((3, len(number)))
    output = 2000 * (1 + scatter * swings[0]) * np.where(later, produced, 1.0)
    share = np.full(len(number), 0.5)
    write_batches(
        folder / "batches.csv", output * np.where(later, booked, 1.0), share, 6 + 0.1 * swings[1]
    )
    write_readings(
        folder / "readings.csv", (12_000 + 36 * output) * (1 + 0.01 * swings[2]), output > 0
    )
    readings = (folder / "readings.csv").read_text(encoding="utf-8")
    (folder / "readings.csv").write_text(
        readings + readings.partition("\n")[2].replace("el,", "grid,"), encoding="utf-8"
    )
    above = '[[meters]]\nid = "grid"\ncarrier = "electricity"\nreading = "interval"\nunit = "kWh"\n'
    amend(
        folder,
        '[[meters]]\nid = "el"\n',
        f'{above}[[meters]]\nid = "el"\nparent = "grid"\n',
        "site.toml",
    )


def test_a_saving_is_told_with_an_interval_that_holds_it(tmp_path: Path) -> None:
    truth = write(tmp_path, STEP, np.random.default_rng(1), 365, 180)
    (saving,) = verifications_of(tmp_path)
    assert saving.forecast is not None
    assert saving.verdict is SavingVerdict.SAVED
    assert saving.forecast.low <= truth <= saving.forecast.high
    assert saving.forecast.saving == pytest.approx(
        saving.forecast.expected - saving.forecast.actual
    )


def test_no_saving_is_told_where_there_is_none(tmp_path: Path) -> None:
    write(tmp_path, NOTHING, np.random.default_rng(1), 365, 180)
    (saving,) = verifications_of(tmp_path)
    assert saving.verdict is SavingVerdict.NOT_PROVEN


def test_the_saving_of_a_step_is_that_of_its_batches(works: Path) -> None:
    amend(works, 'meter = "el"', 'step = "cement-grinding"')
    (saving,) = verifications_of(works)
    assert saving.unit == "kgce"
    assert saving.verdict is SavingVerdict.SAVED


def test_what_was_hoped_for_is_reached_only_where_the_whole_interval_lies_above(
    works: Path,
) -> None:
    amend(works, 'owner = "Wang Li"', 'owner = "Wang Li"\nexpected_pct = 2')
    assert verifications_of(works)[0].verdict is SavingVerdict.REACHED
    amend(works, "expected_pct = 2", "expected_pct = 8")
    assert verifications_of(works)[0].verdict is SavingVerdict.SAVED


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('state = "done"', 'state = "agreed"', "the action is agreed"),
        (
            'baseline = "2022-01-01/2023-01-01"',
            'baseline = "2022-12-01/2023-01-01"',
            "Too few days",
        ),
        (
            'baseline = "2022-01-01/2023-01-01"',
            'baseline = "2022-08-01/2023-01-01"',
            "A seasonal change could be mistaken for a saving",
        ),
    ],
)
def test_the_reason_stands_where_nothing_can_be_told(
    works: Path, old: str, new: str, says: str
) -> None:
    amend(works, old, new)
    (saving,) = verifications_of(works)
    assert saving.forecast is None
    assert saving.verdict is SavingVerdict.NOT_TOLD
    assert says in str(saving.why)


def test_a_reason_why_the_season_does_not_matter_answers_it(works: Path) -> None:
    amend(
        works,
        'baseline = "2022-01-01/2023-01-01"',
        'baseline = "2022-08-01/2023-01-01"\nno_season = "The hall is heated by the kiln"',
    )
    assert verifications_of(works)[0].verdict is SavingVerdict.SAVED


def test_a_product_that_the_baseline_never_made_is_named(works: Path) -> None:
    rows = (works / "batches.csv").read_text(encoding="utf-8").splitlines()
    changed = [
        row.replace(",blended,", ",slag,") if int(row.split(",")[0][2:]) >= 365 else row
        for row in rows[1:]
    ]
    (works / "batches.csv").write_text("\n".join([rows[0], *changed]) + "\n", encoding="utf-8")
    assert "cement slag" in str(verifications_of(works)[0].why)


def test_far_more_than_the_baseline_saw_is_not_extrapolated(works: Path) -> None:
    rows = (works / "batches.csv").read_text(encoding="utf-8").splitlines()
    changed = []
    for row in rows[1:]:
        cells = row.split(",")
        if int(cells[0][2:]) >= 365:
            cells[6] = f"{2 * float(cells[6]):.3f}"
        changed.append(",".join(cells))
    (works / "batches.csv").write_text("\n".join([rows[0], *changed]) + "\n", encoding="utf-8")
    amend(works, 'reason = "The action of actions.toml"', 'reason = "Doubled"', "site.toml")
    assert "the output was outside the range of the baseline" in str(verifications_of(works)[0].why)


def test_a_change_that_nobody_explained_stands_before_a_saving(works: Path) -> None:
    """Without the declared events the action itself is an unexplained change; so is a transformer
    that lost a half.
    """
    without_events(works)
    rows = (works / "readings.csv").read_text(encoding="utf-8").splitlines()
    half = [
        f"{row.rpartition(',')[0]},{float(row.rpartition(',')[2]) / 2:.4f}"
        if row[3:] >= "2023-01-01T01"
        else row
        for row in rows[1:]
    ]
    (works / "readings.csv").write_text("\n".join([rows[0], *half]) + "\n", encoding="utf-8")
    assert "is not explained" in str(verifications_of(works)[0].why)


def test_the_default_periods_are_the_year_before_and_all_since(works: Path) -> None:
    amend(works, 'baseline = "2022-01-01/2023-01-01"\n', "")
    amend(works, 'reporting = "2023-01-01/2023-06-30"\n', "")
    (saving,) = verifications_of(works, date(2023, 6, 30))
    assert (saving.baseline.name, saving.reporting.name) == (
        "2022-01-01/2023-01-01",
        "2023-01-01/2023-06-30",
    )


def test_a_target_is_held_like_an_action(works: Path) -> None:
    (works / "actions.toml").write_text(
        '[[targets]]\nid = "grinding"\nmeter = "el"\nowner = "Wang Li"\nsaving_pct = 3\n'
        'baseline = "2022"\nreporting = "2023-01-01/2023-06-30"\n',
        encoding="utf-8",
    )
    assert verifications_of(works)[0].verdict is SavingVerdict.REACHED


ACTION = '[[actions]]\nid="x"\nmeter="el"\nwhat="w"\nowner="o"\nstate="agreed"\nday=2023-01-01\n'
TARGET = (
    '[[targets]]\nid="x"\nmeter="el"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2023"\n'
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ACTION + ACTION, "'x' stands twice"),
        (TARGET + TARGET, "'x' stands twice"),
        (ACTION + TARGET, "'x' stands twice"),
        ('[[actions]]\nid = "x"\n', "actions.0.what"),
        (
            '[[targets]]\nid="x"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2023"\n',
            "give meter or step",
        ),
        (
            '[[targets]]\nid="x"\nmeter="gone"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2023"\n',
            "a meter of site.toml: el",
        ),
        (
            '[[targets]]\nid="x"\nmeter="el"\nowner="o"\nsaving_pct=3\nbaseline="22"\nreporting="2023"\n',
            "x.baseline",
        ),
        (
            '[[targets]]\nid="x"\nstep="gone"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2023"\n',
            "a step of the pack: ",
        ),
        (
            '[[targets]]\nid="x"\nmeter="el"\nowner="o"\nsaving_pct=3\nbaseline="2023"\nreporting="2022"\n',
            "x.reporting",
        ),  # turned round
        (
            '[[targets]]\nid="x"\nmeter="el"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2022-12"\n',
            "x.reporting",
        ),  # shared
        (
            '[[targets]]\nid="x"\nmeter="el"\nowner="o"\nsaving_pct=3\nbaseline="2022"\nreporting="2023-13"\n',
            "x.reporting",
        ),
        ("[[targets", "cannot be used"),
    ],
)
def test_a_wrong_list_is_refused_by_its_key(works: Path, text: str, says: str) -> None:
    (works / "actions.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_actions(load_site(works / "site.toml"))
    assert says in str(refused.value)


BACK = (
    'step = "cement-grinding"\ncarrier = "electricity"\ndirection = "recovered"\nreading = '
    '"interval"\nunit = "kWh"'
)
STATE = 'role = "state"\nreading = "rate"\nunit = "degC"'


@pytest.mark.parametrize("keys", [BACK, STATE])
def test_less_of_what_is_given_back_is_no_saving(works: Path, keys: str) -> None:
    """Recovered power that fell by 8 % was told as 7 % saved, and could be handed in for the
    library.
    """
    other = f'[[meters]]\nid = "back"\n{keys}\n'
    amend(works, '[[meters]]\nid = "el"\n', f'{other}[[meters]]\nid = "el"\n', "site.toml")
    amend(works, 'meter = "el"', 'meter = "back"')
    with pytest.raises(InputError, match="a meter of energy that is taken in, or the step"):
        load_actions(load_site(works / "site.toml"))


@pytest.mark.parametrize(
    ("day", "key"), [("2022-03-01", "lids.baseline"), ("2023-03-01", "lids.reporting")]
)
def test_an_action_took_effect_between_its_periods(works: Path, day: str, key: str) -> None:
    """An action of March 2022 saved 7 % against the whole of 2022; one that is only planned may
    still have another day.
    """
    amend(works, "day = 2023-01-01", f"day = {day}")
    with pytest.raises(InputError, match=key):
        load_actions(load_site(works / "site.toml"))
    amend(works, 'state = "done"', 'state = "agreed"')
    assert load_actions(load_site(works / "site.toml")).actions


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_writes_figures_and_a_page(
    works: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = works / "out"
    assert (
        main(
            [
                "savings",
                "--site",
                str(works / "site.toml"),
                "--out",
                str(out),
                "--lang",
                lang,
                "--today",
                str(TODAY),
            ]
        )
        == 0
    )
    (saving,) = json.loads((out / "savings.json").read_text(encoding="utf-8"))["savings"]
    assert saving["verdict"] == "saved"
    page = (out / "savings.html").read_text(encoding="utf-8")
    assert "Lids on the ladles" in page
    assert ("95 % interval" in page) is (lang == "en")
    assert ("were saved" in capsys.readouterr().out) is (lang == "en")


def test_an_empty_list_says_how_to_begin(works: Path) -> None:
    (works / "actions.toml").write_text("", encoding="utf-8")
    out = works / "out"
    assert main(["savings", "--site", str(works / "site.toml"), "--out", str(out)]) == 0
    assert "names no action" in (out / "savings.html").read_text(encoding="utf-8")


def test_days_that_only_drift_tell_nothing() -> None:
    walk = np.cumsum(np.random.default_rng(1).standard_normal(300))
    ones = np.ones((300, 1))
    assert forecast(np.arange(300), 100 + 5 * walk, ones, 100 + np.zeros(30), ones[:30]) is None


def test_an_exact_baseline_forecasts_exactly() -> None:
    output = np.random.default_rng(2).uniform(50, 150, 200)
    terms = np.column_stack([np.ones(200), output])
    exact = forecast(
        np.arange(200), 30 + 2 * output, terms, (30 + 2 * output[:50]) * 0.9, terms[:50]
    )
    assert exact is not None
    assert exact.saving == pytest.approx(0.1 * (30 + 2 * output[:50]).sum())
    assert exact.high - exact.low < 1e-6 * exact.expected


def test_less_output_is_no_saving_of_the_meter_of_the_whole_site(tmp_path: Path) -> None:
    steady(tmp_path, produced=0.85, scatter=0.1)
    amend(tmp_path, 'meter = "el"', 'meter = "grid"')
    (saving,) = verifications_of(tmp_path)
    assert saving.verdict is SavingVerdict.NOT_PROVEN
    assert saving.share is not None
    assert abs(saving.share[0]) < 0.02


def test_a_meter_of_which_nothing_says_what_it_makes_proves_no_saving(tmp_path: Path) -> None:
    steady(tmp_path, produced=0.85, scatter=0.1)
    amend(tmp_path, 'meter = "el"', 'meter = "grid"')
    amend(tmp_path, 'parent = "grid"\n', "", "site.toml")
    (saving,) = verifications_of(tmp_path)
    assert saving.verdict is SavingVerdict.NOT_TOLD
    assert "No record shows what is made with the energy of meter grid" in str(saving.why)


@pytest.mark.parametrize(
    ("saves", "verdict"), [(0.1, SavingVerdict.SAVED), (0.0, SavingVerdict.NOT_PROVEN)]
)
def test_an_office_is_held_against_its_weekdays_where_it_is_said_that_nothing_made_changes_it(
    tmp_path: Path, saves: float, verdict: SavingVerdict
) -> None:
    """The mill above makes a seventh less; the office, fed by no line, uses 900 kWh on a working
    day and 200 at the weekend.
    """
    steady(tmp_path, produced=0.85, scatter=0.1)
    number = np.arange(365 + 180)
    working = np.array([(FIRST + timedelta(days=int(day))).weekday() < 5 for day in number])
    used = np.where(working, 900.0, 200.0) * (
        1 + 0.03 * np.random.default_rng(5).standard_normal(len(number))
    )
    write_readings(tmp_path / "office.csv", used * np.where(number >= 365, 1 - saves, 1.0), working)
    more = (
        (tmp_path / "office.csv")
        .read_text(encoding="utf-8")
        .partition("\n")[2]
        .replace("el,", "office,")
    )
    with (tmp_path / "readings.csv").open("a", encoding="utf-8") as file:
        file.write(more)
    office = (
        '[[meters]]\nid = "office"\ncarrier = "electricity"\nreading = "interval"\nunit = '
        '"kWh"\nparent = "grid"\n'
    )
    amend(tmp_path, '[[meters]]\nid = "el"\n', f'{office}[[meters]]\nid = "el"\n', "site.toml")
    amend(tmp_path, 'meter = "el"', 'meter = "office"')
    assert "in an office, state in no_output why" in str(verifications_of(tmp_path)[0].why)
    amend(tmp_path, 'meter = "office"', 'meter = "office"\nno_output = "Desks and lamps"')
    (saving,) = verifications_of(tmp_path)
    assert (saving.why, saving.verdict) == (None, verdict)
    assert ("Depends on no output", "Desks and lamps") in data((saving,), "en")["savings"][0][
        "facts"
    ]
    assert saving.share is not None
    assert saving.share[1] <= saves <= saving.share[2]
    assert saving.share[2] - saving.share[1] < 0.03


def test_a_meter_feeds_the_lines_below_it_and_those_of_what_is_left_of_it() -> None:
    def meter(name: str, **keys: object) -> Meter:
        return Meter.model_validate(
            {"id": name, "carrier": "electricity", "unit": "kWh", "reading": "register", **keys}
        )

    def tree(**works: object) -> MeterTree:
        left = meter(
            "left",
            step="ladle-refining",
            role="virtual",
            formula={"plus": ["works"], "minus": ["f1"]},
        )
        hall = (
            meter("f1", step="eaf", equipment="F1", parent="works"),
            meter("office", parent="works"),
        )
        halls = meter("halls", role="virtual", formula={"plus": ["f1", "office"]})
        return MeterTree((meter("works", **works), *hall, left, halls))

    furnace, rest = ("eaf", "F1"), ("ladle-refining", "")
    fed = {name: lines_of(meter, tree()) for name, meter in tree().by_id.items()}
    assert fed == {
        "works": {furnace, rest},
        "f1": {furnace},
        "office": set(),
        "left": {rest},
        "halls": {furnace},
    }
    assert lines_of(tree(subs="some").by_id["works"], tree(subs="some")) == {("", "")}


@pytest.mark.parametrize("meter", ["el", "grid"])
def test_a_scale_that_books_more_tonnes_is_no_saving(tmp_path: Path, meter: str) -> None:
    """Tonnes an hour change on that day and the power does not: a question of the step's output,
    which names no meter.
    """
    steady(tmp_path, booked=1.08)
    without_events(tmp_path)
    amend(tmp_path, 'meter = "el"', f'meter = "{meter}"')
    (saving,) = verifications_of(tmp_path)
    assert "is not explained" in str(saving.why)
    assert "at the same power, t per hour are" in str(saving.why)


BEFORE, MIDDLE = date(2021, 6, 1), date(2022, 6, 1)
STEP_NAME, OTHER = "cement-grinding", "raw-milling"


@pytest.mark.parametrize(
    ("aim", "change", "stops"),
    [
        (
            'step = "cement-grinding"',
            Change(ChangeKind.ZONE, "", ("el", "kiln"), (), MIDDLE, None, 3600.0, 0.0, ()),
            True,
        ),
        (
            'step = "cement-grinding"',
            Change(ChangeKind.PROCESS, OTHER, ("raw",), (), MIDDLE, None, 0.9, 0.0, ()),
            False,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.LEVEL, STEP_NAME, ("el",), (), BEFORE, MIDDLE, 0.9, 0.0, ()),
            True,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.LEVEL, STEP_NAME, ("el",), (), BEFORE, None, 0.9, 0.0, ()),
            False,
        ),
        (
            'meter = "el"',
            Change(
                ChangeKind.DEAD,
                STEP_NAME,
                ("el",),
                (),
                BEFORE,
                None,
                0.0,
                0.0,
                (),
                (BEFORE, MIDDLE),
            ),
            True,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.DEAD, STEP_NAME, ("el",), (), BEFORE, None, 0.0, 0.0, (), (BEFORE,)),
            False,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.BOOKED, STEP_NAME, (), (), None, None, 86_400.0, 0.0, ()),
            True,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.OUTPUT, OTHER, (), (), MIDDLE, None, 1.1, 0.0, ()),
            False,
        ),
        (
            'meter = "el"',
            Change(ChangeKind.PROCESS, STEP_NAME, ("gas",), (), MIDDLE, None, 0.9, 0.0, ()),
            False,
        ),
    ],
)
def test_a_question_stops_the_savings_that_it_moves_and_no_others(
    works: Path, monkeypatch: pytest.MonkeyPatch, aim: str, change: Change, stops: bool
) -> None:
    question = ChangeQuestion(change, None, Phrase("It changed."), "")
    monkeypatch.setattr(
        importlib.import_module("reporting_agent.savings.verified"),
        "review",
        lambda *_: Review((question,)),
    )
    amend(works, 'meter = "el"', aim)
    (saving,) = verifications_of(works)
    assert ("It changed." in str(saving.why)) is stops


def test_energy_a_tonne_of_a_line_below_moves_the_meter_of_the_site_and_the_ratio_of_its_meter_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady(tmp_path)
    amend(tmp_path, 'meter = "el"', 'meter = "grid"')
    for kind, stops in ((ChangeKind.PROCESS, True), (ChangeKind.LEVEL, False)):
        question = ChangeQuestion(
            Change(kind, STEP_NAME, ("el",), (), MIDDLE, None, 0.9, 0.0, ()),
            None,
            Phrase("It changed."),
            "",
        )
        review = Review((question,))
        monkeypatch.setattr(
            importlib.import_module("reporting_agent.savings.verified"),
            "review",
            lambda *_, review=review: review,
        )
        assert ("It changed." in str(verifications_of(tmp_path)[0].why)) is stops


@pytest.mark.parametrize("aim", ['meter = "el"', 'step = "cement-grinding"'])
def test_rows_that_stand_twice_in_the_log_count_once(works: Path, aim: str) -> None:
    amend(works, 'meter = "el"', aim)
    before = verifications_of(works)[0].forecast
    text = (works / "batches.csv").read_text(encoding="utf-8")
    (works / "batches.csv").write_text(
        text + "".join(text.splitlines(keepends=True)[-10:]), encoding="utf-8"
    )
    after = verifications_of(works)[0].forecast
    assert before is not None
    assert after is not None
    assert (after.expected, after.actual, after.low, after.high) == (
        before.expected,
        before.actual,
        before.low,
        before.high,
    )


def test_an_id_that_comes_again_in_another_year_is_another_batch(works: Path) -> None:
    (before,) = verifications_of(works)
    rewrite(works / "batches.csv", lambda row: [f"{row[0][:2]}{int(row[0][2:]) % 365}", *row[1:]])
    (after,) = verifications_of(works)
    assert after.forecast is not None
    assert before.forecast is not None
    assert after.forecast.expected == before.forecast.expected


def test_a_day_on_which_the_energy_of_a_batch_is_not_sound_is_not_known(
    works: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A meter at zero while the mill ran is no saving, nor are hours without readings of a trial; a
    trial itself counts.
    """
    monkeypatch.setattr(
        importlib.import_module("reporting_agent.savings.verified"), "review", lambda *_: Review()
    )
    amend(works, 'meter = "el"', 'step = "cement-grinding"')
    (before,) = verifications_of(works)
    still, gaps, trial = (before.day[place].isoformat() for place in (20, 40, 60))
    rewrite(
        works / "batches.csv",
        lambda row: [*row[:9], "trial", *row[10:]] if row[4][:10] in {gaps, trial} else row,
    )
    rewrite(
        works / "readings.csv",
        lambda row: [*row[:2], "0.0"] if f"{still}T07" <= row[1] < f"{still}T15" else row,
    )
    rows = (works / "readings.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (works / "readings.csv").write_text(
        "".join(row for row in rows if not f"{gaps}T08" <= row.split(",")[1] < f"{gaps}T15"),
        encoding="utf-8",
    )
    (after,) = verifications_of(works)
    assert set(before.day) - set(after.day) == {date.fromisoformat(still), date.fromisoformat(gaps)}


@pytest.mark.parametrize("aim", ['meter = "el"', 'step = "cement-grinding"'])
def test_a_day_with_an_output_in_another_unit_is_not_known(
    works: Path, monkeypatch: pytest.MonkeyPatch, aim: str
) -> None:
    monkeypatch.setattr(
        importlib.import_module("reporting_agent.savings.verified"), "review", lambda *_: Review()
    )
    amend(works, 'meter = "el"', aim)
    (before,) = verifications_of(works)
    name = (works / "batches.csv").read_text(encoding="utf-8").splitlines()[-20].partition(",")[0]
    rewrite(
        works / "batches.csv",
        lambda row: [*row[:6], f"{1000 * float(row[6])}", *row[7:]] if row[0] == name else row,
    )
    (after,) = verifications_of(works)
    assert set(before.day) - set(after.day) == {FIRST + timedelta(days=int(name[2:]))}
    assert before.share is not None
    assert after.share is not None
    assert after.share[0] == pytest.approx(before.share[0], abs=0.005)


def test_a_meter_that_is_declared_unusable_saves_nothing_meanwhile(tmp_path: Path) -> None:
    write(tmp_path, NOTHING, np.random.default_rng(1), 365, 180)
    rewrite(
        tmp_path / "readings.csv",
        lambda row: [*row[:2], "0.0"] if "2023-03-01T01" <= row[1] < "2023-04-01T01" else row,
    )
    unusable = (
        '[[events]]\nmeter = "el"\nfrom = 2023-03-01\nuntil = 2023-04-01\nkind = '
        '"unusable"\nreason = "Its fuse"\n[variables'
    )
    amend(tmp_path, "[variables", unusable, "site.toml")
    (saving,) = verifications_of(tmp_path)
    assert saving.verdict is SavingVerdict.NOT_PROVEN
    assert saving.reporting_days == 180 - 31


def test_what_a_meter_counts_elsewhere_after_its_time_is_no_saving(tmp_path: Path) -> None:
    """From April on another meter stands in its place; it hangs on a lathe and is read on."""
    write(tmp_path, NOTHING, np.random.default_rng(1), 365, 180)
    rows = (tmp_path / "readings.csv").read_text(encoding="utf-8").splitlines()[1:]
    rewrite(
        tmp_path / "readings.csv",
        lambda row: [*row[:2], f"{0.1 * float(row[2]):.4f}"] if row[1] >= "2023-04-01T01" else row,
    )
    with (tmp_path / "readings.csv").open("a", encoding="utf-8") as file:
        file.writelines(
            f"{row.replace('el,', 'el-2,')}\n" for row in rows if row[3:] >= "2023-04-01T01"
        )
    table = (
        'id = "el"\nstep = "cement-grinding"\ncarrier = "electricity"\nreading = "interval"\nunit '
        '= "kWh"\n'
    )
    successor = f"{table.replace('el', 'el-2', 1)}from = 2023-04-01\n"
    amend(tmp_path, table, f"{table}until = 2023-04-01\n[[meters]]\n{successor}", "site.toml")
    (saving,) = verifications_of(tmp_path)
    assert saving.verdict is SavingVerdict.NOT_PROVEN, str(saving.why)
    assert saving.reporting_days == 90


@pytest.mark.parametrize("aim", ['meter = "el"', 'step = "cement-grinding"'])
def test_only_data_before_today_count_where_the_periods_are_given_too(
    works: Path, aim: str
) -> None:
    amend(works, 'meter = "el"', aim)
    (saving,) = verifications_of(works, date(2023, 3, 1))
    assert saving.day[-1] == date(2023, 2, 28)
    assert saving.reporting.name == "2023-01-01/2023-06-30"
    (works / "batches.csv").write_text(
        "".join(
            row
            for row in (works / "batches.csv").open(encoding="utf-8")
            if not row[2:5].isdigit() or int(row[2:5]) < 365 + 59
        ),
        encoding="utf-8",
    )
    (again,) = verifications_of(works, date(2023, 3, 1))
    assert again.forecast is not None
    assert saving.forecast is not None
    assert again.forecast.saving == saving.forecast.saving


def test_money_and_co2_count_by_the_heating_value_of_the_meter(works: Path) -> None:
    rewrite(works / "readings.csv", lambda row: [*row[:2], f"{float(row[2]) / 10:.5f}"])
    amend(
        works,
        'carrier = "electricity"',
        'carrier = "natural-gas"\nlhv = 35.0\nlhv_source = "measured"',
        "site.toml",
    )
    amend(works, 'unit = "kWh"', 'unit = "Nm3"', "site.toml")
    with (works / "site.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[tariff]\ncurrency = "CNY"\n[[tariff.prices]]\ncarrier = "natural-gas"\nunit = '
            '"GJ"\nprice = 60.0\n'
        )
    (saving,) = verifications_of(works)
    carbon = FactorTable.load().carbon_in_force("natural-gas", DAY)
    assert saving.forecast is not None
    assert carbon is not None
    assert carbon.kg_co2_per_mj is not None
    assert saving.co2_kg == pytest.approx(saving.forecast.saving * 35.0 * carbon.kg_co2_per_mj)
    assert saving.money == pytest.approx(saving.forecast.saving * 0.035 * 60.0)


def test_co2_counts_by_the_factor_of_each_day(works: Path) -> None:
    site = works / "site.toml"
    first = (
        "\n[[emissions.electricity]]\nfrom = 2022-01-01\nuntil = 2023-04-01\nkg_per_kwh = "
        '0.5\nsource = "Contract 1"\n'
    )
    second = (
        '[[emissions.electricity]]\nfrom = 2023-04-01\nkg_per_kwh = 0.3\nsource = "Contract 2"\n'
    )
    site.write_text(site.read_text(encoding="utf-8") + first + second, encoding="utf-8")
    (saving,) = verifications_of(works)
    assert saving.forecast is not None
    mean = np.mean([0.5 if day < date(2023, 4, 1) else 0.3 for day in saving.day])
    assert saving.co2_kg == pytest.approx(saving.forecast.saving * float(mean))
    assert saving.co2_source == "Contract 1; Contract 2"
