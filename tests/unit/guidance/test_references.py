"""What others publish: each reason for refusing it is reached, and a figure that is not sure enough
reaches nobody.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
from pydantic import ValidationError

from benchmarks import packs
from benchmarks.guidance.references import (
    SHOWN,
    LabelCell,
    Reference,
    beside,
    decided,
    read,
    references,
)

KILN = LabelCell(
    "clinker-burning", "burning-kiln-feed-to-kiln-outlet-power-apart", "thermal", "MJ/t"
)
FIRST, LAST = date(2016, 1, 1), date(2016, 12, 31)
TEXT = files("benchmarks.guidance").joinpath("references.toml").read_text(encoding="utf-8")


def kiln_reference(**changed: object) -> Reference:
    """The mean of GNR's kilns of 2016, as if all of them were dry: it agrees with a kiln's label of
    2016 in all.
    """
    reference = next(each for each in references() if each.id == "gnr-2016-kiln-heat")
    return reference.model_copy(update={"routes": ("dry-process",), **changed})


def test_what_agrees_in_all_stands_in_the_labels_own_unit() -> None:
    decision = decided(kiln_reference(), "dry-process", KILN, FIRST, LAST)
    assert (decision.refused, decision.value) == ((), Decimal("3519"))
    in_gigajoules = decided(
        kiln_reference(value=Decimal("3.519"), unit="GJ/t"), "dry-process", KILN, FIRST, LAST
    )
    assert (in_gigajoules.refused, in_gigajoules.value) == ((), Decimal("3519"))


REASONS = {
    "route": (kiln_reference(routes=()), "route: theirs is kilns of every kind, wet and dry"),
    "boundary": (
        kiln_reference(boundaries=("grinding",)),
        "boundary: theirs is heat of the kiln's fuel, per tonne of clinker",
    ),
    "metric": (
        kiln_reference(metric="total"),
        "unit: theirs is MJ/t (comprehensive energy), the label’s MJ/t (heat alone)",
    ),
    "unit": (
        kiln_reference(unit="kl crude oil eq/t"),
        "unit: theirs is kl crude oil eq/t (heat alone), the label’s MJ/t (heat alone)",
    ),
    "per": (
        kiln_reference(unit="MJ/m2"),
        "unit: theirs is MJ/m2 (heat alone), the label’s MJ/t (heat alone)",
    ),
    "year": (kiln_reference(first_year=2014, last_year=2014), "year: theirs is 2014"),
    "best practice": (
        kiln_reference(basis="best-practice"),
        "scope: theirs is what one plant can reach",
    ),
    "rule": (
        kiln_reference(basis="rule"),
        "scope: theirs is what a rule allocates or sets as a target",
    ),
    "scope since": (kiln_reference(scope_from=2017), "scope: its publisher changed it in 2017"),
    "scope until": (kiln_reference(scope_until=2015), "scope: its publisher changed it in 2016"),
}


@pytest.mark.parametrize("by", REASONS)
def test_each_reason_refuses_alone(by: str) -> None:
    reference, reason = REASONS[by]
    decision = decided(reference, "dry-process", KILN, FIRST, LAST)
    assert [str(each.reason) for each in decision.refused] == [reason]
    assert decision.value is None


def test_worldsteel_changed_its_scope_in_2024() -> None:
    whole = (LabelCell("", "", "total", "kgce/t"),)
    of_2023, of_2024 = (
        beside("steel", "eaf", whole, date(year, 1, 1), date(year, 12, 31)) for year in (2023, 2024)
    )

    def by_scope(decisions: object, id_: str) -> list[str]:
        return [
            str(e.reason)
            for each in decisions  # type: ignore[attr-defined]
            if each.reference.id == id_
            for e in each.refused
            if e.by == "scope"
        ]

    assert by_scope(of_2023, "worldsteel-2023-energy") == []
    assert by_scope(of_2024, "worldsteel-2023-energy") == [
        "scope: its publisher changed it in 2024"
    ]
    assert "scope: its publisher changed it in 2024" in by_scope(of_2023, "worldsteel-2024-energy")
    assert any(
        "methane and mining" in reason for reason in by_scope(of_2024, "worldsteel-2024-co2")
    )


def test_a_figure_at_second_hand_is_in_no_file_and_comes_out_of_none() -> None:
    unsure = [each for each in references() if each.source.confidence not in SHOWN]
    assert {each.source.confidence for each in unsure} == {"draft", "second-hand"}
    assert [each.figure for each in unsure] == [None] * len(unsure)
    row = 'id = "china-2023-coking"\n'
    with pytest.raises(ValidationError, match="may hold no value before the original was compared"):
        read(TEXT.replace(row, f'{row}value = "110"\n'))
    with pytest.raises(ValidationError, match="has to have a value"):
        read(TEXT.replace('value = "3519"\n', ""))
    # whoever gets round the file's reader still gets no figure out
    smuggled = kiln_reference().model_copy(update={"source": unsure[0].source})
    decision = decided(smuggled, "dry-process", KILN, FIRST, LAST)
    assert (smuggled.value, smuggled.figure, decision.value) == (Decimal("3519"), None, None)
    assert [each.by for each in decision.refused] == ["source"]
    assert decision.to_json()["value"] is None


def test_what_is_held_has_both_languages_and_names_of_our_packs() -> None:
    pack_versions = [version for pack in ("steel", "cement") for version in packs.versions(pack)]
    routes = {(pack.id, route.id) for pack in pack_versions for route in pack.routes}
    steps = {(pack.id, step.id) for pack in pack_versions for step in pack.steps}
    boundaries = {step.boundary.id for pack in pack_versions for step in pack.steps}
    for each in references():
        assert {(each.sector, route) for route in each.routes} <= routes, each.id
        assert set(each.boundaries) <= boundaries, each.id
        assert each.step is None or (each.sector, each.step) in steps, each.id
        words = (
            each.words,
            each.region,
            each.route,
            each.boundary,
            each.source.words,
            each.source.licence,
        )
        assert all(each.by_language.get("zh") for each in words), each.id


def test_a_source_that_is_not_named_and_an_id_that_stands_twice_are_told() -> None:
    with pytest.raises(ValueError, match="no source is called nobody"):
        read(TEXT.replace('source = "ccts"', 'source = "nobody"'))
    with pytest.raises(ValueError, match="gnr-2016-kiln-heat stands twice"):
        read(TEXT.replace('id = "gnr-2014-kiln-heat"', 'id = "gnr-2016-kiln-heat"'))


@pytest.mark.parametrize(
    ("first", "last", "agrees"),
    [
        (date(2016, 1, 1), date(2016, 12, 31), True),
        (date(2015, 7, 1), date(2016, 6, 30), False),  # half of it lies before the figure's year
        (date(2016, 7, 1), date(2017, 6, 30), False),
    ],
)
def test_a_label_lies_wholly_within_the_years_of_a_figure(
    first: date, last: date, agrees: bool
) -> None:
    compared = decided(kiln_reference(), "dry-process", KILN, first, last)
    assert [each.by for each in compared.refused] == ([] if agrees else ["year"])
    several_years = decided(
        kiln_reference(first_year=2015, last_year=2017), "dry-process", KILN, first, last
    )
    assert several_years.refused == ()


def test_a_site_without_a_route_is_told_that_its_label_is_of_the_step_alone() -> None:
    (refusal,) = decided(kiln_reference(), None, KILN, FIRST, LAST).refused
    assert refusal.by == "route"
    assert str(refusal.reason).endswith("your label is of the step alone")


def test_a_figure_stands_beside_the_cell_of_its_own_metric_and_beside_no_other_step_or_sector() -> (
    None
):
    total = LabelCell(KILN.step, KILN.boundary, "total", "kgce/t")
    mill = LabelCell("raw-milling", "mill", "thermal", "MJ/t")
    (compared,) = beside(
        "cement", "dry-process", [mill, total, KILN], FIRST, LAST, [kiln_reference()]
    )
    assert (compared.cell, compared.value) == (KILN, Decimal("3519"))
    (other_metric,) = beside(
        "cement", "dry-process", [mill, total], FIRST, LAST, [kiln_reference()]
    )
    assert (other_metric.cell, [each.by for each in other_metric.refused]) == (total, ["unit"])
    assert beside("cement", "dry-process", [mill], FIRST, LAST, [kiln_reference()]) == ()
    assert beside("steel", "dry-process", [KILN], FIRST, LAST, [kiln_reference()]) == ()


def test_the_years_of_a_figure_are_one_year_or_a_span() -> None:
    assert (kiln_reference().years, kiln_reference(first_year=2014).years) == (
        "2016",
        "2014\u20132016",
    )
