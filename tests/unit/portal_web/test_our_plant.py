"""What a plant's page finds: true whatever the gaps are, its figures rounded once, and never of a
gap that is not there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import translation

from benchmarks import packs
from benchmarks.guidance.practices import Library
from benchmarks.phrases import Name
from benchmarks.route_ranking import WHOLE_ROUTE, tells
from portal.publication.in_force import InForceView
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.standings.reports import ReportView
from portal.standings.selectors import StandView, StepStandingView
from portal.web.presenters.our_plant import Comparison, Place, compared
from portal.web.presenters.plant_actions import measures_of, worth_of
from portal.web.words.figures import energy_units
from portal.web.words.verdicts import verdict

PACK = packs.load("cement")
UNITS = energy_units(0.1229)
STEPS = {
    "clinker-burning": ("clinker", 0.75, 96.0, 103.0),
    "cement-grinding": ("cement", 1.0, 4.0, 4.4),
}
"""Its product, tonnes of it per tonne of cement, the industry's best, a typical plant."""
Reported = dict[str, tuple[float, float] | None]


def cell(step: str) -> CellView:
    product, ratio, best, typical = STEPS[step]
    return CellView(
        *(step, product, "any", step, "total", "kgce/t"),
        ratio=ratio,
        headline=True,
        best=best,
        interval=(best - 0.1, best + 0.1),
        typical=typical,
        typical_interval=None,
        rule=None,
        firms=12,
        shown=True,
        reason_code="",
        reason_en="",
        reason_zh="",
        good_fit=None,
    )


def plant(
    reported: Reported, half: float | None = 0.1, route: StepStandingView | None = None
) -> Comparison:
    """`reported`: best and usual by step, `half` the half width of the best's interval."""
    total = TotalView(None, None, "kgce/t", 12, None, False, "", "", "")
    label = LabelView(tuple(map(cell, STEPS)), total, total, total, rule=None, firms=12)
    view = InForceView(1, "cement", PACK.version, "", "dry-process", "cn", "2025", 1, label)
    standings = tuple(
        StepStandingView(
            *(step, STEPS[step][0], "any", "total", "kgce/t", values[0], values[1], None),
            None if half is None else (values[0] - half, values[0] + half),
            *((20, 24), 4, 26, 1),
        )
        for step, values in reported.items()
        if values is not None
    )
    report = ReportView(
        *(1, 1, "works-1", Name("Works 1"), 1, "cement", PACK.version, "dry-process", "cn"),
        *("2025", datetime(2025, 1, 1, tzinfo=UTC)),
    )
    return compared(StandView(report, None, standings, route), view, UNITS)


BOTH: Reported = {"clinker-burning": (104.53, 106.57), "cement-grinding": (4.61, 4.78)}


@pytest.mark.parametrize(
    ("reported", "half", "finding", "lead"),
    [
        (
            BOTH,
            0.1,
            "Clinker burning is where to look first",
            (
                "On a usual run you use 8.71 kgce per tonne of cement more than the best of every "
                "step. A typical plant uses 5.65 more. 91 % of your gap is at clinker burning."
            ),
        ),
        (
            {"clinker-burning": (104.53, 106.57), "cement-grinding": (4.05, 4.2)},
            0.1,
            "Clinker burning is where to look first",
            (
                "On a usual run you use 7.93 kgce per tonne of cement more than the industry’s best, "
                "at the 1 of 2 steps where this is certain. A typical plant uses 5.25 more."
            ),
        ),
        (
            {"clinker-burning": (96.05, 98.0), "cement-grinding": (4.05, 4.2)},
            0.1,
            "No gap to the industry’s best is certain",
            "Your best runs cannot be distinguished from the industry’s best at any step.",
        ),
        (
            {"clinker-burning": (95.0, 96.0), "cement-grinding": (3.9, 4.0)},
            0.1,
            "Your plant is at the industry’s best",
            "At no step do your best runs use more than the industry’s best.",
        ),
        (
            BOTH,
            None,
            "Your comparison is being computed",
            (
                "Your report is accepted. The intervals of 2 of your steps are computed when the "
                "regulator composes the next draft. Until then their gaps are not certain."
            ),
        ),
        (
            {},
            0.1,
            "No step can be compared yet",
            "Of no step are both your value and the industry’s best known.",
        ),
    ],
    ids=["two gaps", "one certain", "none certain", "at the best", "not computed", "nothing"],
)
def test_the_page_finds_what_there_is_and_no_more(
    reported: Reported, half: float | None, finding: str, lead: str
) -> None:
    with translation.override("en"):
        page = plant(reported, half)
        assert (page.finding, " ".join(page.lead)) == (finding, lead)
    with translation.override("zh-hans"):
        text = "".join(plant(reported, half).lead)
    assert "。 " not in text
    assert "kgce per" not in text


def test_rows_add_up_as_they_are_shown() -> None:
    """By hand: 0.75 t of clinker at 106.57 and 104.53 kgce are 79.93 and 78.40, the best 72.00."""
    page = plant(BOTH)
    first, second = page.rows
    assert (first.step, first.usual, first.own, first.best) == ("clinker-burning", 79.93, 78.4, 72)
    assert (first.operation, first.equipment, first.whole) == (1.53, 6.4, 7.93)
    assert page.whole == round(first.whole + second.whole, 2) == 8.71
    assert page.operation == round(first.operation + second.operation, 2) == 1.7
    worth = worth_of(page, UNITS)
    assert [row.kgce for row in worth.rows] == ["6.40", "0.61"]
    assert worth.total == "7.01"


def test_a_gap_that_is_certain_never_reads_nought() -> None:
    tiny: Reported = {"clinker-burning": (104.53, 106.57), "cement-grinding": (4.004, 4.004)}
    page = plant(tiny, half=0.0)
    page_of_none = [row.whole for row in page.rows if row.certain]
    assert 0.0 not in page_of_none


def test_measures_fit_the_gap_and_the_cheapest_saving_stands_first() -> None:
    """Of 8.5 kgce/t of clinker, 250 MJ: another kiln saves 2,400 of them, a seal 10."""
    page = plant(BOTH)
    measures = measures_of(page, page.rows[0], Library.held(), UNITS).practices
    every = Library.held().of_step("cement", "clinker-burning")
    assert 1 < len(measures) < len(every)
    assert all(measure.saves <= 6.4 + 0.15 for measure in measures), "in the unit of the page"
    priced = [
        float(each.exact_investment) / each.saves for each in measures if each.exact_investment
    ]
    assert priced == sorted(priced)
    assert [bool(each.exact_investment) for each in measures] == sorted(
        (bool(each.exact_investment) for each in measures), reverse=True
    )


@pytest.mark.parametrize(("score", "shown"), [((51, 90), "51 to 90"), ((1, 1), "1"), (None, "")])
def test_a_score_is_said_by_its_interval(score: tuple[int, int] | None, shown: str) -> None:
    standing = StepStandingView(
        "eaf", "", "", "energy", "kgce/t", 1.0, 1.0, 1.0, (0.9, 1.1), (2, 3), None, 30, 1, score
    )
    place = Place.of("EAF", standing)
    assert place == ("EAF", "2nd to 3rd of 30", "First quarter, least energy", shown)
    assert Place.of("EAF", replace(standing, rank_interval=None)) is None


def test_the_whole_route_has_the_verdict_of_its_ranks_or_says_that_it_has_none() -> None:
    route = StepStandingView(
        WHOLE_ROUTE, "", "", "total", "kgce/t", 81.6, None, None, (81, 82), (20, 24), 4, 26, 1
    )
    assert (
        "Whole route: Fourth quarter, most energy (20th to 24th of 26)."
        in plant(BOTH, route=route).lead
    )
    unranked = replace(route, rank_interval=None)
    assert "Whole route: no rank" in plant(BOTH, route=unranked).lead[-1]


@pytest.mark.parametrize(
    ("ranks", "of", "said"),
    [
        ((1, 6), 26, "First quarter, least energy"),
        ((2, 7), 26, "Better than typical"),
        ((1, 13), 26, "Better than typical"),
        ((8, 12), 26, "Second quarter"),
        ((13, 14), 26, "Cannot be distinguished from typical"),
        ((4, 26), 26, "Cannot be distinguished from typical"),
        ((14, 19), 26, "Third quarter"),
        ((14, 26), 26, "Behind typical"),
        ((20, 26), 26, "Fourth quarter, most energy"),
    ],
)
def test_a_verdict_says_what_the_whole_rank_interval_bears_out(
    ranks: tuple[int, int], of: int, said: str
) -> None:
    assert verdict(ranks, of) == said


def test_a_route_of_which_more_than_half_of_the_ranks_are_possible_has_none() -> None:
    assert [tells(ranks, 26) for ranks in ((1, 13), (1, 14), (4, 26))] == [True, False, False]
