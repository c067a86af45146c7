"""Rules that need no database: lists of the obliged, series of reports, sizes, packs before a
proposal, practices.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.routes import Pack
from portal.accounts.models import SizeClass
from portal.catalogue.obliged_list import _difference
from portal.catalogue.obliged_rows import ObligedSite
from portal.governance import effects
from portal.intake.participation import ParticipationView, PartView, ReportingState
from portal.practices.entry_texts import lacking
from portal.practices.given_away import gives_away
from portal.standings import quality
from portal.standings.size_weights import weights_of


def test_a_list_says_of_each_site_what_becomes_of_it() -> None:
    """Of five members one stays, one has another cohort, one is obliged from now on, one is
    released; one site is new.
    """
    members = {
        "stays": ObligedSite("stays", True, "hundred"),
        "moves": ObligedSite("moves", True, "hundred"),
        "willing": ObligedSite("willing", False),
        "leaves": ObligedSite("leaves", True, "thousand"),
        "aside": ObligedSite("aside", False),
    }
    listed = [
        ObligedSite("stays", True, "hundred"),
        ObligedSite("moves", True, "thousand"),
        ObligedSite("willing", True),
        ObligedSite("leaves", False),
        ObligedSite("new", True, "hundred"),
        ObligedSite("plain", True),
    ]
    change = _difference(members, listed)
    assert (change.added, change.obliged, change.released) == (
        ("new", "plain"),
        ("willing",),
        ("leaves",),
    )
    assert change.cohorts == (
        ("moves", "hundred", "thousand"),
        ("leaves", "thousand", ""),
        ("new", "", "hundred"),
    )
    assert change.unchanged == 1


def version(number: str, effective_from: date) -> Pack:
    return cast(Pack, SimpleNamespace(id="cement", version=number, effective_from=effective_from))


OF_2016, OF_2018 = date(2016, 1, 1), date(2018, 1, 1)
VERSIONS = [
    version("2", OF_2016),
    version("10", OF_2016),
    version("9", OF_2016),
    version("11", OF_2018),
    version("3-1", date(2015, 1, 1)),
]


@pytest.mark.parametrize(
    ("number", "effective_from", "before"),
    [
        ("12", date(2020, 1, 1), "11"),  # the last to take effect
        ("12", OF_2018, "11"),  # one that took effect on the same day is before it
        ("12", date(2017, 12, 31), "10"),  # ten comes after nine
        ("10", OF_2016, "9"),  # none is before itself
        ("1", date(2015, 6, 1), "3-1"),
        ("1", date(2014, 1, 1), None),
    ],
)
def test_a_proposed_pack_is_held_against_the_last_that_took_effect_no_later(
    monkeypatch: pytest.MonkeyPatch, number: str, effective_from: date, before: str | None
) -> None:
    monkeypatch.setattr(packs, "versions", lambda _pack: VERSIONS)
    earlier = effects.before_of(version(number, effective_from), "")
    assert (earlier.version if earlier else None) == before


def test_an_erratum_is_held_against_what_it_corrects_and_against_nothing_where_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(_pack: str, number: str) -> Pack:
        if number == "9":
            return VERSIONS[2]
        raise InputError("pack-version-unknown", "There is no such version.", "Name another.")

    monkeypatch.setattr(packs, "versions", lambda _pack: VERSIONS)
    monkeypatch.setattr(packs, "load", load)
    assert effects.before_of(version("9-1", OF_2018), "9") is VERSIONS[2]
    assert effects.before_of(version("9-1", OF_2018), "8") is None


def test_a_firm_weighs_as_much_as_all_its_sites() -> None:
    """By the declared classes 1, 3, 10 and 30."""
    sites = [
        ("A", SizeClass.LARGE),
        ("B", SizeClass.VERY_LARGE),
        ("A", SizeClass.LARGE),
        ("A", SizeClass.SMALL),
        ("C", SizeClass.MEDIUM),
    ]
    assert weights_of(sites) == {"A": 21.0, "B": 30.0, "C": 3.0}


FIRST, SECOND, THIRD, STRANGER = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("before", "now", "vouched"),
    [
        (FIRST, FIRST, True),
        (FIRST, SECOND, True),
        (FIRST, THIRD, True),  # by way of the second
        (SECOND, FIRST, False),  # not backwards
        (FIRST, STRANGER, False),
        (STRANGER, FIRST, False),
    ],
)
def test_an_agent_that_took_over_by_rotations_goes_on_with_the_series(
    before: UUID, now: UUID, vouched: bool
) -> None:
    assert quality._vouched_for(before, now, {FIRST: SECOND, SECOND: THIRD}) == vouched


def test_a_report_is_whole_where_it_covers_every_step_of_the_route_and_only_accepted_ones_count() -> (
    None
):
    covered = [
        ("mill kiln", ReportingState.REPORTED),
        ("kiln mill packing", ReportingState.REPORTED),
        ("kiln", ReportingState.REPORTED),
        ("mill kiln", ReportingState.WAITING),
    ]
    parts = [
        PartView(index, "", True, 1, taking, datetime(2017, 4, 1, tzinfo=UTC), covers, index)
        for index, (covers, taking) in enumerate(covered)
    ]
    view = cast(
        ParticipationView, SimpleNamespace(parts=parts, previous="", peer_group=1, period="2016")
    )
    view_of_quality = quality.quality(view, ["kiln", "mill"])
    assert (view_of_quality.accepted, view_of_quality.whole, view_of_quality.broken) == (3, 2, 0)
    assert [getattr(view_of_quality.of(part), "steps", None) for part in parts] == [2, 2, 1, None]


RANGE = {"saving_from": "10", "saving_to": "19"}


@pytest.mark.parametrize(
    ("low", "high", "field"),
    [
        ("10", "12", ""),
        ("10", "11.99", "saving_to"),
        ("0.5", "0.6", ""),
        ("10", "", "saving_to"),
        ("", "12", "saving_to"),
    ],
)
def test_a_firms_range_reaches_at_least_to_a_fifth_more_than_its_low_end(
    low: str, high: str, field: str
) -> None:
    assert gives_away({"saving_from": low, "saving_to": high}) == field


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("The damper stands at 5 %. The kiln takes less fuel.", ""),  # another sentence
        ("Its fuel fell by 3.5 %.", "done_en"),  # a point within a number ends no sentence
        ("Its fuel fell; the damper stands at 5 %.", ""),
        ("Less heat: 5 percent.", "done_en"),
        ("A third of the energy.", ""),  # figures in words are for the reviewer
        ("12 kWh", "done_en"),
        ("12 kWhx", ""),  # no unit
        ("Use 3 t of steam.", "done_en"),
        ("Use 3 t of sand.", ""),
    ],
)
def test_a_share_tells_a_firms_energy_where_both_stand_in_one_sentence(
    text: str, field: str
) -> None:
    assert gives_away({**RANGE, "done_en": text}) == field


def test_the_first_field_that_tells_is_the_one_that_is_named() -> None:
    energy = "It takes 3 GJ."
    assert gives_away({**RANGE, "title_en": energy, "equipment_en": energy}) == "title_en"
    assert gives_away({**RANGE, "saving_to": "11", "equipment_en": energy}) == "equipment_en"


TITLE = {"title_en": "Keep it hot", "title_zh": "Warm halten"}
SOURCE = {"source_en": "A list", "source_zh": "Eine Liste", "read_on": "2026-01-31"}


@pytest.mark.parametrize(
    ("content", "imported", "names"),
    [
        (TITLE, False, ["done_en", "done_zh"]),  # a firm says what it did
        (
            TITLE,
            True,
            ["source_en", "source_zh", "read_on"],
        ),  # a list need not, and names its source
        (TITLE | SOURCE, True, []),
        (TITLE | SOURCE | {"done_en": "x"}, True, ["done_zh"]),
        (TITLE | {"done_en": "x", "done_zh": "y", "equipment_zh": "z"}, False, ["equipment_en"]),
        ({"done_en": "x", "done_zh": "y"}, False, ["title_en", "title_zh"]),
    ],
)
def test_what_stands_in_one_language_is_needed_in_both(
    content: dict[str, str], imported: bool, names: list[str]
) -> None:
    assert list(lacking(content, imported=imported)) == names
