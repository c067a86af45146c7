"""The list of practices offers no filter that can only find nothing."""

from __future__ import annotations

from decimal import Decimal

from django.http import QueryDict

from benchmarks import packs
from benchmarks.guidance.practices import Library
from portal.web.presenters.practices import _row, library_page
from portal.web.words.terms import Names


def test_only_causes_are_offered_that_a_practice_is_held_against() -> None:
    library = Library.held()
    causes = {str(practice.cause) for practice in library.practices if practice.cause}
    assert {cause.value for cause in library_page(library, QueryDict("")).causes} == {"", *causes}
    assert "low-load" in {
        cause.value for cause in library_page(library, QueryDict("cause=low-load")).causes
    }, "what is asked stays visible"


def test_an_investment_that_is_not_per_tonne_says_what_it_is_per() -> None:
    """The head of the column says tonnes of yearly capacity; tempered glass is counted in square
    metres.
    """
    library = Library.held()
    practice = library.practices[0].model_copy(
        update={"investment": Decimal(7), "saving": Decimal(2), "saving_to": None, "unit": "kWh"}
    )
    glass = practice.model_copy(update={"sector": "flat-glass", "step": "tempering"})
    names = Names("flat-glass", packs.load(str(packs.HOME / "further" / "flat-glass.toml")))
    cells = [_row(library, Names.newest(practice.sector), practice), _row(library, names, glass)]
    assert [(saving.text, investment.text) for _name, saving, investment, *_rest in cells] == [
        ("2 kWh", "7"),
        ("2 kWh/m²", "7/m²"),
    ]
