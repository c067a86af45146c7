"""Every number has a source; a changed number shows which labels it moves and by how much, and old
labels come out again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.conversion import TABLE, FactorTable
from benchmarks.labels import SiteLabel, StepLabel, label_site
from benchmarks.labels.limit_test import graded
from benchmarks.labels.result import StepGrade
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.packs import provenance, two_labellings
from benchmarks.packs.changed_numbers import changed_numbers
from benchmarks.packs.changes import changes
from benchmarks.packs.consequences import labels_move
from benchmarks.routes import Pack
from reporting_agent.cli import main

YEAR = Period.parse("2023", UTC)


@pytest.mark.parametrize("name", packs.shipped())
def test_no_number_of_a_pack_is_without_a_complete_source(name: str) -> None:
    every = list(provenance.numbers(packs.load(name)))
    assert len(every) >= 90
    assert [number.path for number in every if not number.is_complete] == []


def test_no_conversion_factor_is_without_a_complete_source() -> None:
    assert [
        number.path for number in provenance.factors(FactorTable.load()) if not number.is_complete
    ] == []


def test_a_number_without_a_source_is_listed_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check has teeth: without its entry in [numbers] every typical value that names no source
    of its own is told.
    """
    text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace('typical = "typical-assumption"\n', ""), encoding="utf-8")
    assert main(["pack", "check", str(own)]) == 0
    output = capsys.readouterr().out
    assert "no complete source: steps.clinker-burning.total.typical" in output
    assert main(["pack", "check", "cement"]) == 0
    assert "no complete source" not in capsys.readouterr().out


def test_a_figure_read_in_the_future_is_refused_by_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        text.replace("read_on = 2026-11-20", "read_on = 2999-11-20", 1), encoding="utf-8"
    )
    assert main(["pack", "check", str(own)]) != 0
    assert "2999-11-20" in capsys.readouterr().err


def test_a_limit_never_stands_on_what_was_not_read() -> None:
    """What is secondary or an assumption grades nobody; editions whose values were not read are
    named and hold no limit.
    """
    for name in packs.shipped():
        pack = packs.load(name)
        limits = [limit for step in pack.steps for limit in step.limits]
        assert {limit.source.status for limit in limits} <= {"original-seen", "transcribed"}
        standards_held = {edition.standard for edition in pack.editions if edition.held}
        assert {limit.standard for limit in limits} == standards_held
        assert all(edition.looked.en and edition.looked.said_in("zh") for edition in pack.editions)


@pytest.mark.parametrize("name", packs.shipped())
def test_since_2012_each_edition_gives_way_to_the_next_on_the_same_day(name: str) -> None:
    """No time between two editions of which a page would say that nothing was in force, and none
    with two at once.
    """
    editions = {edition.standard: edition for edition in packs.load(name).editions}
    replaced = {edition.replaced_by for edition in editions.values()}
    for edition in editions.values():
        if edition.replaced_by:
            assert edition.effective_to == editions[edition.replaced_by].effective_from, (
                edition.standard
            )
        if edition.layer == "standard" and edition.standard not in replaced | NEW_SINCE_2012:
            assert edition.effective_from is not None, edition.standard
            assert edition.effective_from <= date(2012, 12, 31), edition.standard


NEW_SINCE_2012 = {"GB 32050-2015"}  # of arc furnaces, which GB 21256-2013 had dropped

COAL = CarrierEnergy("coal", 140_000, "kg")  # 140 kg/t by the table's default: 100.002 kgce/t
POWER = CarrierEnergy("electricity", 30_000, "kWh")


def kiln_days() -> list[Batch]:
    start = datetime(2023, 1, 1, tzinfo=UTC)
    return [
        Batch(
            f"D{n}",
            "clinker-burning",
            "",
            "grey",
            at,
            at + timedelta(days=1),
            1000.0,
            energy=(COAL, POWER),
        )
        for n in range(100)
        for at in (start + n * timedelta(days=1),)
    ]


def labelled(pack: Pack) -> SiteLabel:
    return label_site(kiln_days(), pack, packs.factors(pack), YEAR, site="kiln")


CEMENT_TEXT = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
LOOSER = CEMENT_TEXT.replace('measured = ["coal", "coke"]', "")
"""The cement pack whose kilns may burn coal by the table's default."""


@pytest.fixture
def proposed(tmp_path: Path) -> Pack:
    """The looser pack with one factor changed: coal 0.7143 to 0.7243 kgce/kg, 0.01 more."""
    return with_more_coal(LOOSER, tmp_path)


def with_more_coal(text: str, tmp_path: Path) -> Pack:
    factors = TABLE.read_text(encoding="utf-8")
    changed = factors.replace(
        'carrier = "coal"\nunit = "kg"\nkgce_per_unit = 0.7143',
        'carrier = "coal"\nunit = "kg"\nkgce_per_unit = 0.7243',
    )
    assert changed != factors
    (tmp_path / "factors.toml").write_text(changed, encoding="utf-8")
    (tmp_path / "proposed.toml").write_text(
        re.sub(r'conversion = "."', 'conversion = "./factors.toml"', text), encoding="utf-8"
    )
    return packs.load(str(tmp_path / "proposed.toml"))


def test_where_the_kilns_coal_must_be_measured_its_factor_moves_no_label(tmp_path: Path) -> None:
    """By the table's default the days are left out, by whatever factor."""
    old, new = packs.load("cement"), with_more_coal(CEMENT_TEXT, tmp_path)
    assert packs.digest(old) != packs.digest(new)
    assert labelled(old).steps[0].excluded == {"lhv-required": 100}
    assert two_labellings.moved_labels(labelled(old).steps, labelled(new).steps) == []


def test_a_changed_factor_shows_which_labels_it_moves_and_by_how_much(proposed: Pack) -> None:
    cement = packs.checked(LOOSER, "looser.toml")
    changed = changed_numbers(cement, proposed)
    assert {(change.before, change.after) for change in changed} == {("0.7143", "0.7243")}
    assert {change.path.split(".")[0] for change in changed} == {"factor: coal"}

    moved = two_labellings.moved_labels(labelled(cement).steps, labelled(proposed).steps)
    by_metric = {(effect.metric, effect.value): effect for effect in moved}
    assert set(by_metric) == {
        (metric, value) for metric in ("total", "thermal") for value in ("best", "typical", "mean")
    }
    total, thermal = by_metric["total", "best"], by_metric["thermal", "best"]
    assert total.before == pytest.approx(140 * 0.7143 + 30 * 0.1229)
    assert total.to_json()["moved"] == pytest.approx(140 * 0.01)  # 140 kg/t x 0.01 kgce/kg
    assert thermal.to_json()["moved"] == pytest.approx(140 * 0.01 * 29.3076)


def test_a_label_names_another_digest_and_the_old_one_comes_out_again_to_the_last_digit(
    proposed: Pack,
) -> None:
    cement = packs.checked(LOOSER, "looser.toml")
    before, after, again = labelled(cement), labelled(proposed), labelled(cement)
    assert before.method["pack_digest"] != after.method["pack_digest"]
    assert before.method["conversion_digest"] != after.method["conversion_digest"]
    assert before.to_json() == again.to_json()
    assert before.method["pack_digest"] == packs.digest(cement).hex()


def test_a_label_says_by_which_pack_and_table_it_was_made() -> None:
    cement = packs.load("cement")
    assert labelled(cement).to_json()["method"] == {
        "pack_digest": packs.digest(cement).hex(),
        "conversion": "1",
        "conversion_digest": FactorTable.of("1").digest.hex(),
    }


def test_a_second_reading_of_a_figure_changes_no_digest(tmp_path: Path) -> None:
    text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
    reread = tmp_path / "cement.toml"
    reread.write_text(
        text.replace("read_on = 2026-11-20", "read_on = 2027-01-01"), encoding="utf-8"
    )
    assert packs.digest(packs.load(str(reread))) == packs.digest(packs.load("cement"))


def test_the_differences_between_two_versions_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second version is made of the first: another typical value, and a table with another
    factor.
    """
    text = (packs.HOME / "aluminium.toml").read_text(encoding="utf-8")
    factors = TABLE.read_text(encoding="utf-8")
    second, changed = tmp_path / "aluminium-2.toml", tmp_path / "factors.toml"
    for before, after in (
        ('version = "1"', 'version = "2"'),
        ('conversion = "1"', 'conversion = "./factors.toml"'),
        ("typical = 343\n", "typical = 340\n"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    assert "kgce_per_unit = 0.7143" in factors
    second.write_text(text, encoding="utf-8")
    changed.write_text(factors.replace("= 0.7143", "= 0.7142", 1), encoding="utf-8")
    assert main(["pack", "diff", "aluminium@1", str(second)]) == 0
    output = capsys.readouterr().out
    assert "typical: steps.alumina-refining.total.typical: 343 -> 340" in output
    assert "0.7143 -> 0.7142" in output
    assert main(["pack", "diff", "aluminium", "aluminium"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0 numbers differ.",
        "0 other fields differ.",
        "0 levels of limits differ.",
    ]


STEEL_TEXT = (packs.HOME / "steel.toml").read_text(encoding="utf-8")
UNKNOWN = "Labels change; the pack alone does not show by how much"
TOLD = [  # at which step, what is replaced, by what; what is told, and whether its labels move
    (
        "sintering",
        '"steam", "heat", "diesel"]',
        '"steam", "heat"]',
        "  steps > sintering > boundary > counted: anthracite, coal,",
        True,
    ),
    (
        "sintering",
        'credited = ["steam", ',
        'credited = ["coke", "steam", ',
        "steps > sintering > boundary > credited: steam, heat -> coke, steam, heat",
        True,
    ),
    (
        "blast-furnace",
        'measured = ["coke", "coal", ',
        'measured = ["coal", ',
        (
            "measured: steps.blast-furnace.measured: coke, coal, blast-furnace-gas, converter-gas "
            "-> "
            "coal, blast-furnace-gas,"
        ),
        True,
    ),
    (
        "blast-furnace",
        'run_kind = "day"',
        'run_kind = "month"',
        "steps > blast-furnace > run_kind: day -> month",
        True,
    ),
    (
        "blast-furnace",
        'recovered_by = ["top-gas-turbine"]',
        "",
        "blast-furnace gb21256-2025-blast-furnace: recovered_by differ",
        False,
    ),
    (
        "sintering",
        "grade3 = 52",
        "grade3 = 47",
        (
            "level 3: 52 -> 47 kgce/t; before corrections, annual means above 47 and up to 52 no "
            "longer meet it"
        ),
        False,
    ),
    (
        "sintering",
        "grade3 = 52",
        "grade3 = 53",
        "annual means above 52 and up to 53 now meet it",
        False,
    ),
    (
        "sintering",
        "grade2 = 46, ",
        "",
        "sintering gb21256-2025-sinter level 2: 46 -> none kgce/t",
        False,
    ),
    (
        "eaf",
        "{ from = 50, to = 70 }",
        "{ from = 55, to = 70 }",
        "eaf gb21256-2025-eaf-50-70: applies.furnace_capacity_t differ",
        False,
    ),
    (
        "",
        'status = "secondary"',
        'status = "transcribed"',
        "source > status: secondary -> transcribed",
        False,
    ),
    (
        "",
        'issuer = "SAMR and SAC"',
        'issuer = "SAC"',
        "source > issuer: SAMR and SAC -> SAC (and in ",
        False,
    ),
]


@pytest.mark.parametrize(("step", "old", "new", "expected", "labels_move"), TOLD)
def test_every_field_that_differs_is_told_and_what_moves(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    step: str,
    old: str,
    new: str,
    expected: str,
    labels_move: bool,
) -> None:
    before, head, after = STEEL_TEXT.partition(f'\nid = "{step}"\n' if step else "\n[sources.")
    assert old in after
    (tmp_path / "proposed.toml").write_text(
        before + head + after.replace(old, new, 1), encoding="utf-8"
    )
    assert main(["pack", "diff", "steel", str(tmp_path / "proposed.toml")]) == 0
    out = capsys.readouterr().out
    assert expected in out
    assert (f"{UNKNOWN} (--site shows it for a site):\n  {step}: because of" in out) is labels_move
    assert (UNKNOWN in out) is labels_move
    assert "0 numbers differ.\n0 other fields differ." not in out


@pytest.mark.parametrize(
    ("stated", "first", "other", "path"),
    [
        (
            "{ from = 50, to = 70 }",
            "{ from = 50, to = 70 }",
            "{ from = 55, to = 70 }",
            "furnace_capacity_t.from",
        ),
        ("ratio = 0.35,", "ratio = 0.3500001,", "ratio = 0.3500002,", "routes.national-mix.coking"),
    ],
    ids=["the lower end of a range", "the seventh digit of a ratio"],
)
def test_no_number_that_differs_is_passed_over(
    stated: str, first: str, other: str, path: str
) -> None:
    assert stated in STEEL_TEXT
    old, new = (
        packs.checked(STEEL_TEXT.replace(stated, text, 1), "own.toml") for text in (first, other)
    )
    (change,) = changed_numbers(old, new)
    assert change.path.endswith(path)


def test_a_usual_heating_value_moves_the_labels_of_the_steps_that_it_is_for() -> None:
    """A run beyond it counts only by a declared value: what is usual decides which batches
    count.
    """
    old = packs.load("steel")
    stated = 'carrier = "coal"\nsteps = ["blast-furnace"]\nleast = 25.0'
    assert stated in STEEL_TEXT
    new = packs.checked(STEEL_TEXT.replace(stated, stated.replace("25.0", "26.5")), "own.toml")
    assert [move.as_text().strip() for move in labels_move(old, new)] == [
        "blast-furnace: because of coal"
    ]


def test_a_number_that_differs_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = STEEL_TEXT.replace("slope = { total = 3.67 }", "slope = { total = 3.5 }", 1).replace(
        'run_kind = "day"', 'run_kind = "month"', 1
    )
    (tmp_path / "proposed.toml").write_text(changed, encoding="utf-8")
    assert main(["pack", "diff", "steel", str(tmp_path / "proposed.toml")]) == 0
    out = capsys.readouterr().out
    assert out.count("3.67 -> 3.5") == 1
    assert "1 other fields differ:\n  steps > coking > run_kind: day -> month" in out


def test_the_order_of_metrics_and_the_second_entry_of_one_name_are_told() -> None:
    """The first metric is the headline; editions and conditions may have one name twice, and
    neither hides the other.
    """
    steel = packs.load("steel")
    eaf = steel.step("eaf")
    turned = steel.model_copy(
        update={
            "steps": tuple(
                step.model_copy(update={"metrics": step.metrics[::-1]}) if step is eaf else step
                for step in steel.steps
            )
        }
    )
    (order,) = changes(steel, turned)
    assert (order.where, order.before, order.after) == (
        ("steps", "eaf", "metrics"),
        "total, electricity",
        "electricity, total",
    )
    twice = steel.editions[0].model_copy(update={"held": not steel.editions[0].held})
    earlier, two = (
        steel.model_copy(update={"editions": (first, twice)})
        for first in (steel.editions[0], twice)
    )
    assert [change.where[-1] for change in changes(earlier, two)] == ["held"]


def test_a_changed_limit_shows_whose_grade_it_takes() -> None:
    """The kiln's year is 103.69 kgce/t: grade 2 of 107, and grade 3 where that is 103."""
    cement = packs.load("cement")
    limit = next(
        entry
        for entry in cement.step("clinker-burning").limits
        if entry.id == "gb16780-2021-clinker"
    )

    def year_by(grades: tuple[float, float, float]) -> list[StepLabel]:
        tested = graded(
            limit.model_copy(update={"grades": grades}),
            103.69,
            {"altitude_m": 0.0},
            date(2023, 12, 31),
        )
        (label,) = (
            step_label for step_label in labelled(cement).steps if step_label.metric == "total"
        )
        return [replace(label, grade=StepGrade(tested.best_met, None, (tested,)))]

    (moved,) = two_labellings.moved_grades(year_by((100, 107, 117)), year_by((100, 103, 117)))
    assert (moved.step, moved.limit, moved.before, moved.after) == (
        "clinker-burning",
        limit.id,
        "2",
        "3",
    )
    assert moved.as_text().endswith("2 -> 3")
    (lost,) = two_labellings.moved_grades(year_by((100, 107, 117)), year_by((90, 95, 100)))
    assert (lost.before, lost.after) == ("2", "none met")
    assert two_labellings.moved_grades(year_by((100, 107, 117)), year_by((100, 106, 117))) == []


def test_a_site_without_a_period_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "diff", "steel@1", "steel", "--site", "site.toml"]) == 2
    assert "--period" in capsys.readouterr().err


def test_an_edition_that_ended_within_the_year_was_in_force_in_it() -> None:
    """Cement 2022: the edition of 2021 from November on, that of 2012 for the ten months before."""
    editions = {edition.standard: edition for edition in packs.load("cement").editions}
    first, last = date(2022, 1, 1), date(2022, 12, 31)
    assert not editions["GB 16780-2012"].in_force(last)
    assert [
        name
        for name, edition in editions.items()
        if name.startswith("GB") and edition.in_force_within(first, last)
    ] == [
        "GB 16780-2021",
        "GB 16780-2012",
    ]


def test_what_no_standard_says_of_a_correction_is_an_assumption() -> None:
    ours = {
        number.path.rpartition(".correction.")[2]: number.source
        for number in provenance.numbers(packs.load("steel"))
        if ".correction." in number.path
    }
    defaults = {
        place: source for place, source in ours.items() if place.endswith((".default", ".any"))
    }
    assert {"1.converter_type.default", "3.variant.values.any"} <= defaults.keys()
    assert {source.status for source in defaults.values() if source} == {"assumption"}


def test_a_raised_status_of_a_factor_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (packs.HOME / "conversion.toml").read_text(encoding="utf-8")
    (tmp_path / "factors.toml").write_text(
        text.replace('status = "secondary"', 'status = "transcribed"'), encoding="utf-8"
    )
    steel = STEEL_TEXT.replace('conversion = "1"', 'conversion = "./factors.toml"', 1)
    (tmp_path / "proposed.toml").write_text(steel, encoding="utf-8")
    assert main(["pack", "diff", "steel", str(tmp_path / "proposed.toml")]) == 0
    assert "source > status: secondary -> transcribed" in capsys.readouterr().out
    proposed, shipped = packs.load(str(tmp_path / "proposed.toml")), packs.load("steel")
    assert provenance.digest_of_sources(proposed) != provenance.digest_of_sources(shipped)
