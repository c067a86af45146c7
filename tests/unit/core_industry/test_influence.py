"""How far a changed firm moves a figure: as by working the figure out anew, whatever the figure;
and what that comes to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.composition.result import DEPARTED, CellRoster, Member
from benchmarks.composition.rules import middle
from benchmarks.disclosure import influence
from benchmarks.disclosure.influence import (
    APART,
    Exhibit,
    RankAverage,
    alone_give_away,
    gives_away,
    that_matter,
    years_give_away,
)
from benchmarks.routes import Pack

FIGURES: dict[str, Callable[[int], Sequence[int]]] = {
    "mean of three": lambda _: range(3),
    "mean of a half": lambda firms: range((firms + 1) // 2),
    "first quartile": lambda firms: (-(-firms // 4) - 1,),
    "median": lambda firms: ((firms - 1) // 2, firms // 2),
    "typical": middle,
    "last": lambda firms: (firms - 1,),
}


def figure(name: str) -> RankAverage:
    return RankAverage(name, FIGURES[name], lambda member: float(member.bests[0]), width=1.0)


def exhibit(
    values: Sequence[int], name: str = "mean of three", firms: Sequence[int] | None = None
) -> Exhibit:
    numbers = range(len(values)) if firms is None else firms
    members = tuple(
        Member(f"firm-{number}", f"site-{number}", (670, value, value))
        for number, value in zip(numbers, values, strict=True)
    )
    return Exhibit("", CellRoster("cell", members), (figure(name),))


def worked_out(statistic: RankAverage, values: Sequence[float]) -> float:
    ordered = sorted(values)
    return float(np.mean([ordered[rank] for rank in statistic.ranks(len(values))]))


@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=12),
    st.sampled_from(sorted(FIGURES)),
    st.integers(0, 30),
)
def test_an_effect_is_what_working_the_figure_out_anew_gives(
    values: list[int], name: str, other: int
) -> None:
    statistic, members = figure(name), exhibit(values).who.members
    effects = influence._moved(
        statistic,
        members,
        np.arange(len(values)),
        np.array([np.nan, *[float(other)] * (len(values) - 1)]),
    )
    for index, effect in enumerate(effects):
        instead = [
            *values[:index],
            float(np.median(values[1:])) if index == 0 else other,
            *values[index + 1 :],
        ]
        assert effect == pytest.approx(
            abs(worked_out(statistic, instead) - worked_out(statistic, values))
        )


BEST, POOR = 10, 90
OTHERS = [40, 42, 44, 46, 48, 50, 52, 54, 56, 58]


def is_given_away(pack: Pack, now: Exhibit, then: Exhibit, **policy: object) -> bool:
    return gives_away(
        now.figures, now, then.figures, then, pack.disclosure.model_copy(update=policy)
    )


@pytest.mark.parametrize("poor", [1, 2, 3])
def test_poor_firms_that_change_with_the_best_do_not_count(pack: Pack, poor: int) -> None:
    before, after = exhibit(OTHERS), exhibit([*OTHERS, BEST, *[POOR] * poor])
    assert is_given_away(pack, after, before)
    assert is_given_away(pack, before, after)


def test_who_changes_and_moves_nothing_gives_nothing_away(pack: Pack) -> None:
    assert not is_given_away(pack, exhibit([*OTHERS, POOR]), exhibit(OTHERS))


def test_three_must_matter_and_with_any_one_known_no_other_may_make_up_most_of_the_rest(
    pack: Pack,
) -> None:
    even, uneven = [20, 20, 20], [10, 30, 38]
    assert not is_given_away(pack, exhibit([*OTHERS, *even]), exhibit(OTHERS))
    assert is_given_away(
        pack, exhibit([*OTHERS, *even]), exhibit(OTHERS), largest_share_of_change=Fraction(49, 100)
    )  # one of two that are left
    assert is_given_away(pack, exhibit([*OTHERS, *uneven]), exhibit(OTHERS))
    assert is_given_away(
        pack, exhibit([*OTHERS, *even]), exhibit(OTHERS), least_changed_participants=4
    )


def test_of_two_that_changed_one_may_be_the_readers(pack: Pack) -> None:
    two = exhibit([*OTHERS, 20, 20])
    assert is_given_away(pack, two, exhibit(OTHERS))
    assert two.too_close_to(exhibit(OTHERS), 3)
    assert not exhibit([*OTHERS, 20, 20, 20]).too_close_to(exhibit(OTHERS), 3)
    assert not two.too_close_to(two, 3)


def reported(shown: Exhibit, report: str, firms: Sequence[str]) -> Exhibit:
    """The same values, with these firms' reports sent anew."""
    members = [
        dataclasses.replace(member, report=report if member.firm in firms else "first")
        for member in shown.who.members
    ]
    return dataclasses.replace(shown, who=CellRoster("cell", tuple(members)))


def test_a_report_sent_anew_is_a_change_though_its_draw_repeated_the_value() -> None:
    shown = exhibit(OTHERS)
    before, after = reported(shown, "first", ()), reported(shown, "second", ["firm-3"])
    assert after.differs_from(before) == {"firm-3"}


def test_reports_sent_anew_hide_nobody_who_joins() -> None:
    before = reported(exhibit(OTHERS), "first", ())
    after = reported(exhibit([*OTHERS, BEST]), "second", [f"firm-{number}" for number in range(6)])
    assert len(after.differs_from(before)) == 7
    assert after.too_close_to(before, 3)


def test_firms_of_one_controller_count_once() -> None:
    """Firm 2 was sold to firm 1 between two publications: the site stands under another name, and
    one firm changed besides.
    """
    before = exhibit([*OTHERS, BEST])
    members = [
        dataclasses.replace(
            member, site=f"site-{number}", firm="firm-1" if number == 2 else member.firm
        )
        for number, member in enumerate(exhibit(OTHERS).who.members)
        if number != 1
    ]
    sold = Exhibit("", CellRoster("cell", tuple(members)))
    earlier = Exhibit(
        "1",
        CellRoster(
            "cell",
            tuple(
                dataclasses.replace(m, site=f"site-{n}") for n, m in enumerate(before.who.members)
            ),
        ),
    )
    assert sold.differs_from(earlier) == {"firm-1", "firm-2", "firm-10"}
    assert sold.too_close_to(earlier, 3)


def left(shown: Exhibit, *firms: str) -> Exhibit:
    """After these firms have left the scheme: the random names that they have in rosters from
    before.
    """
    members = [
        dataclasses.replace(
            member, firm=f"{DEPARTED}{member.firm}", site=f"{DEPARTED}{member.site}"
        )
        if member.firm in firms
        else member
        for member in shown.who.members
    ]
    return dataclasses.replace(shown, who=CellRoster("cell", tuple(members)))


def test_a_firm_that_left_and_came_back_hides_nobody(pack: Pack) -> None:
    """Firm 0 is the reader's: under its old and its new name it changes twice, and one other
    joins.
    """
    before, after = exhibit([20, *OTHERS]), exhibit([20, *OTHERS, 20], firms=[99, *range(1, 12)])
    assert len(after.differs_from(left(before, "firm-0"))) == 3
    assert after.too_close_to(left(before, "firm-0"), 3)
    assert is_given_away(pack, after, left(before, "firm-0"))
    gone = left(before, "firm-0")
    assert alone_give_away(after.figures, after, gone.figures, gone, pack.disclosure)


def test_firms_that_left_cover_nobody_else(pack: Pack) -> None:
    """Three others join with it, of which one alone is good: without the reader's two names that
    one is most of the change.
    """
    before, after = (
        exhibit([20, *OTHERS]),
        exhibit([20, *OTHERS, 10, 36, 36], firms=[99, *range(1, 14)]),
    )
    assert not after.too_close_to(left(before, "firm-0"), 3)
    assert is_given_away(pack, after, left(before, "firm-0"))


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_firms_that_left_are_still_a_change_and_wait_for_others(pack: Pack, gone: int) -> None:
    """Nothing but leaving: however many, the next version waits for as many firms that have
    names.
    """
    before, after = (
        exhibit([*[20] * gone, *OTHERS]),
        exhibit(OTHERS, firms=range(gone, gone + len(OTHERS))),
    )
    departed = left(before, *(f"firm-{number}" for number in range(gone)))
    assert after.too_close_to(departed, 3)
    assert is_given_away(pack, after, departed)
    joined = exhibit([*OTHERS, *[20] * 4], firms=range(gone, gone + len(OTHERS) + 4))
    assert not joined.too_close_to(departed, 3)


def test_a_correction_counts_by_how_far_it_went_and_not_by_how_good_the_firm_is(pack: Pack) -> None:
    """Three of the best correct by little while the poorest turns out the best: what separates the
    versions is that one.
    """
    before = exhibit([*OTHERS, 20, 22, 24, POOR])
    after = exhibit([*OTHERS, 21, 23, 25, BEST])
    assert is_given_away(pack, after, before)


def test_figures_of_another_kind_and_means_of_far_more_firms_are_not_subtracted(pack: Pack) -> None:
    few = exhibit(OTHERS, "mean of a half")
    near, far = ([*OTHERS, BEST, *[POOR] * poor] for poor in (2 * APART - 4, 2 * APART - 1))
    assert is_given_away(pack, exhibit(near, "mean of a half"), few)
    assert not is_given_away(pack, exhibit(far, "mean of a half"), few)
    assert not is_given_away(
        pack, exhibit([*OTHERS, BEST], "first quartile"), exhibit(OTHERS, "last")
    )


def test_those_that_matter_to_a_mean_are_those_it_is_made_of() -> None:
    shown = exhibit([*OTHERS, BEST, POOR])
    assert {member.bests[0] for member in that_matter(shown.figures[0], shown)} == {BEST, 40, 42}


def test_ten_thousand_firms_of_which_half_changed_are_weighed(pack: Pack) -> None:
    rng = np.random.default_rng(0)
    values = [int(value) for value in rng.normal(400, 16, 10_000)]
    before, after = (
        exhibit(values, "mean of a half"),
        exhibit([v + (i % 2) for i, v in enumerate(values)], "mean of a half"),
    )
    assert not is_given_away(pack, after, before)


def told_by_metrics(pack: Pack, ours: Exhibit, theirs: Exhibit) -> bool:
    return alone_give_away(ours.figures, ours, theirs.figures, theirs, pack.disclosure)


def test_two_metrics_of_the_same_firms_give_nothing_away_whatever_their_values(pack: Pack) -> None:
    assert not told_by_metrics(pack, exhibit(OTHERS), exhibit([9 * value for value in OTHERS]))


def test_two_metrics_tell_one_or_two_firms_that_stand_in_one_alone(pack: Pack) -> None:
    for alone in ([BEST], [POOR], [20, 22]):
        assert told_by_metrics(pack, exhibit([*OTHERS, *alone]), exhibit(OTHERS))
        assert told_by_metrics(pack, exhibit(OTHERS), exhibit([*OTHERS, *alone]))


def test_two_metrics_tell_the_best_among_poor_firms_and_not_three_that_are_alike(
    pack: Pack,
) -> None:
    assert told_by_metrics(pack, exhibit([*OTHERS, BEST, POOR, POOR]), exhibit(OTHERS))
    assert not told_by_metrics(pack, exhibit([*OTHERS, 20, 20, 20]), exhibit(OTHERS))


def test_a_site_that_was_sold_stands_in_both_metrics(pack: Pack) -> None:
    sold = exhibit(OTHERS)
    renamed = tuple(
        dataclasses.replace(member, firm="buyer") if index == 0 else member
        for index, member in enumerate(sold.who.members)
    )
    assert not told_by_metrics(pack, Exhibit("", CellRoster("cell", renamed), sold.figures), sold)


BY_YEAR = [500, 510, 520, 530, 540, 550, 560, 570]


def best_of(
    values: Sequence[int], width: float = 1.0, firms: Sequence[int] | None = None
) -> Exhibit:
    """A mean of the best three, of values in units, on a grid of this width."""
    shown = exhibit([round(value / width) for value in values], firms=firms)
    (three,) = shown.figures
    return dataclasses.replace(
        shown, figures=(dataclasses.replace(three, name="best", width=width),)
    )


def told_by_years(pack: Pack, now: Exhibit, then: Exhibit) -> bool:
    return years_give_away(now, then, pack.disclosure)


def moved_by(*shares: float) -> list[int]:
    """The values of a year later."""
    return [
        round(value * (1 + share))
        for value, share in zip(BY_YEAR, [*shares, *[0.0] * len(BY_YEAR)], strict=False)
    ]


NEW = 480
STEADY, APART_BY_THREE = moved_by(), moved_by(0.03, -0.03, 0.02, 0.01, -0.02, 0.01, -0.01)


def test_who_joins_the_best_is_told_by_two_years_unless_the_others_moved(pack: Pack) -> None:
    assert told_by_years(pack, best_of([*STEADY, NEW]), best_of(BY_YEAR))
    assert told_by_years(pack, best_of(BY_YEAR), best_of([*STEADY, NEW]))
    assert not told_by_years(pack, best_of([*APART_BY_THREE, NEW]), best_of(BY_YEAR))
    assert not told_by_years(pack, best_of(STEADY), best_of(BY_YEAR))


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_two_years_on_different_grids_are_compared_in_the_unit(pack: Pack, width: float) -> None:
    """A pack's next version may have another grid: its points have other numbers, and nobody has
    moved by that.
    """
    assert told_by_years(pack, best_of([*STEADY, NEW]), best_of(BY_YEAR, width))
    assert not told_by_years(pack, best_of([*APART_BY_THREE, NEW]), best_of(BY_YEAR, width))
    assert is_given_away(pack, best_of([*STEADY, NEW]), best_of(BY_YEAR, width))


def test_what_one_firm_moved_by_is_no_blur_for_it_may_be_the_readers(pack: Pack) -> None:
    assert told_by_years(pack, best_of([*moved_by(0.03), NEW]), best_of(BY_YEAR))
    assert not told_by_years(pack, best_of([*moved_by(0.03, 0.03), NEW]), best_of(BY_YEAR))


def test_what_all_firms_moved_by_is_no_blur_for_the_typical_value_tells_it(pack: Pack) -> None:
    assert told_by_years(pack, best_of([*moved_by(*[0.04] * len(BY_YEAR)), NEW]), best_of(BY_YEAR))


def test_a_firm_that_stands_by_another_site_is_told_as_one_that_joins(pack: Pack) -> None:
    """Its poor site was sold or closed, its best one stands for it now; a plant that was sold is
    the same plant.
    """
    earlier, later = best_of([*BY_YEAR, 900]), best_of([*STEADY, NEW])
    assert not told_by_years(pack, later, earlier)  # the same site, rebuilt: see docs/privacy.md
    members = tuple(
        dataclasses.replace(member, site="another") if member.firm == "firm-8" else member
        for member in later.who.members
    )
    assert told_by_years(pack, dataclasses.replace(later, who=CellRoster("cell", members)), earlier)
    sold = tuple(
        dataclasses.replace(member, firm="buyer") if member.firm == "firm-8" else member
        for member in best_of([*STEADY, NEW]).who.members
    )
    assert not told_by_years(
        pack, dataclasses.replace(later, who=CellRoster("cell", sold)), best_of([*STEADY, NEW])
    )
