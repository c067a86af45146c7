"""The gate: each check refuses what it must with its reason, rounding never narrows, totals give no
hidden step away.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.composition import (
    IndustryLabel,
    ReportedLabel,
    Roster,
    by_step,
    compose_route,
    roster_of,
)
from benchmarks.disclosure import (
    CellDecision,
    GateReason,
    GateResult,
    PublishedVersion,
    gate,
    sentence,
)
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.errors import InputError
from benchmarks.released import Grid
from benchmarks.routes import Pack

Grow = Callable[..., Any]
END, LATE = date(2017, 1, 1), date(2017, 6, 1)


@pytest.fixture(scope="module")
def everyone(grow: Grow) -> list[ReportedLabel]:
    rng = np.random.default_rng(1)
    return [p for step in ("melting", "blowing", "rolling") for p in grow(rng, 26, step).labels]


def drafted(pack: Pack, reported: list[ReportedLabel]) -> tuple[IndustryLabel, Roster]:
    grouped = by_step(reported)
    label = compose_route(pack, pack.routes[0], grouped, np.random.default_rng(0), period="2016")
    return label, roster_of(pack, pack.routes[0], grouped)


def passed(
    pack: Pack,
    reported: list[ReportedLabel],
    previous: tuple[PublishedVersion, ...] = (),
    **more: Any,
) -> GateResult:
    draft, roster = drafted(pack, reported)
    return gate(
        draft, roster, pack.disclosure, previous, **{"period_end": END, "today": LATE, **more}
    )


def without(
    reported: list[ReportedLabel], firms: set[str], step: str | None = None
) -> list[ReportedLabel]:
    return [p for p in reported if not (p.firm in firms and step in (None, p.label.step))]


def decision(result: GateResult, name: str) -> CellDecision:
    return next(cell for cell in result.cells if name in (cell.step, cell.measure))


def test_a_sound_draft_is_shown_whole_rounded_to_the_public_grid(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    draft, _ = drafted(pack, everyone)
    result = passed(pack, everyone)
    assert {cell.reason_code for cell in result.cells} == {GateReason.SHOWN}
    assert len(result.cells) == 6
    assert not result.hold
    for before, after in zip(draft.cells, result.published.cells, strict=True):
        assert before.interval is not None
        assert after.interval is not None
        assert after.best is not None
        assert ((Fraction(str(after.best)) - after.grid.lower) / after.grid.width).denominator == 1
        assert after.interval[0] <= before.interval[0] < before.interval[1] <= after.interval[1]
    assert result.published.composite.value is not None


def test_nothing_is_shown_before_the_lag_is_over(pack: Pack, everyone: list[ReportedLabel]) -> None:
    result = passed(pack, everyone, today=date(2017, 3, 31))
    assert {cell.reason_code for cell in result.cells} == {GateReason.LAG}
    assert "2017-04-01" in result.cells[0].reason.en
    assert "2017-04-01" in result.cells[0].reason.said_in("zh")
    assert result.hold
    assert passed(pack, everyone, today=date(2017, 4, 1)).shown == 6


def test_too_few_firms_hide_the_step_and_every_total(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    few = without(everyone, {f"firm-{i:03}" for i in range(7, 26)}, "rolling")
    result = passed(pack, few)
    assert decision(result, "rolling").reason_code == GateReason.TOO_FEW_FIRMS
    assert "7 firms" in decision(result, "rolling").reason.en
    assert "7 家" in decision(result, "rolling").reason.said_in("zh")
    hidden = next(step for step in result.published.cells if step.step == "rolling")
    assert (hidden.best, hidden.interval, hidden.typical, hidden.typical_interval) == (
        None,
        None,
        None,
        None,
    )
    assert decision(result, "melting").shown
    assert decision(result, "composite").reason_code == GateReason.INCOMPLETE
    assert decision(result, "best-reached").reason_code == GateReason.TOO_FEW_FIRMS
    for total in (
        result.published.composite,
        result.published.best_reached,
        result.published.typical,
    ):
        assert (total.value, total.interval) == (None, None)


def test_the_policys_fewest_firms_hold_where_composition_would_be_content_with_less(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    draft, roster = drafted(pack, everyone)
    for fewest, reason in ((26, GateReason.SHOWN), (27, GateReason.TOO_FEW_FIRMS)):
        strict = pack.disclosure.model_copy(update={"fewest_firms": fewest})
        result = gate(draft, roster, strict, period_end=END, today=LATE)
        assert decision(result, "melting").reason_code == reason
        assert decision(result, "best-reached").shown == (reason == GateReason.SHOWN)


def test_a_firm_of_more_than_a_quarter_of_the_declared_size_hides_the_cell_and_the_totals_with_it(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    giants = without(everyone, {f"firm-{i:03}" for i in range(9, 26)}, "melting")
    result = passed(pack, giants, size_weights={"firm-003": 4.0})
    assert decision(result, "melting").reason_code == GateReason.DOMINANCE
    assert decision(result, "blowing").shown
    assert decision(result, "composite").reason_code == GateReason.SECONDARY
    assert "melting" in decision(result, "composite").reason.en
    assert decision(result, "typical").reason_code == GateReason.SECONDARY
    assert not decision(result, "best-reached").shown


def test_two_giants_that_could_work_each_other_out_hide_the_cell(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    policy = pack.disclosure.model_copy(update={"largest_weight": Fraction(3, 5)})
    draft, roster = drafted(pack, everyone)
    sizes = {f"firm-{i:03}": 0.003 for i in range(2, 26)} | {"firm-000": 1.0, "firm-001": 0.9}
    result = gate(draft, roster, policy, period_end=END, today=LATE, size_weights=sizes)
    assert decision(result, "melting").reason_code == GateReason.P_PERCENT
    assert "10 %" in decision(result, "melting").reason.en


def published(pack: Pack, reported: list[ReportedLabel], version: str = "1") -> PublishedVersion:
    _, roster = drafted(pack, reported)
    return PublishedVersion(version, passed(pack, reported).published, roster)


def test_a_version_that_differs_in_one_firm_is_held(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, without(everyone, {"firm-025"}))
    result = passed(pack, everyone, (first,))
    assert {cell.reason_code for cell in result.cells if cell.measure == "step"} == {
        GateReason.DIFFERENCING
    }
    assert result.hold
    assert result.published.composite.value is None
    assert "compared with version 1" in decision(result, "melting").reason.en


def test_one_firm_with_another_draw_counts_as_changed(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, everyone)
    label = everyone[0].label
    redrawn = dataclasses.replace(
        label, best=dataclasses.replace(label.best, grid_point=label.best.grid_point + 1)
    )
    result = passed(
        pack, [dataclasses.replace(everyone[0], label=redrawn), *everyone[1:]], (first,)
    )
    assert decision(result, "melting").reason_code == GateReason.DIFFERENCING
    assert decision(result, "blowing").reason_code == GateReason.UNCHANGED


def ranked(reported: list[ReportedLabel], step: str) -> list[str]:
    """The firms of a step by their released values, the best first."""
    return [
        p.firm
        for p in sorted(reported, key=lambda p: (p.label.best.grid_point, p.firm))
        if p.label.step == step
    ]


def without_places(reported: list[ReportedLabel], *places: int) -> list[ReportedLabel]:
    """Of each step the firms at these places leave, 0 the best and -1 the last."""
    gone = {
        (firms[place], step)
        for step in ("melting", "blowing", "rolling")
        for firms in [ranked(reported, step)]
        for place in places
    }
    return [p for p in reported if (p.firm, p.label.step) not in gone]


def of_steps(result: GateResult) -> set[GateReason]:
    return {cell.reason_code for cell in result.cells if cell.measure == "step"}


def test_a_version_that_differs_in_three_firms_which_do_not_move_the_mean_may_go_out(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, without_places(everyone, -1, -2, -3))
    assert of_steps(passed(pack, everyone, (first,))) == {GateReason.SHOWN}


@pytest.mark.slow
@pytest.mark.parametrize(
    "others",
    [(-1,), (-1, -2), (-1, -2, -3), (-1, -2, -3, 5)],
    ids=lambda others: f"beside {len(others)}",
)
def test_the_best_firm_is_not_hidden_by_any_number_of_poor_ones_that_join_with_it(
    pack: Pack, everyone: list[ReportedLabel], others: tuple[int, ...]
) -> None:
    few, all_of_them = without_places(everyone, 0, *others), everyone
    assert of_steps(passed(pack, all_of_them, (published(pack, few),))) == {GateReason.DIFFERENCING}
    assert of_steps(passed(pack, few, (published(pack, all_of_them),))) == {
        GateReason.DIFFERENCING
    }  # nor where they leave
    assert of_steps(passed(pack, all_of_them, elsewhere=(published(pack, few),))) == {
        GateReason.OVERLAP
    }


def with_changes(
    reported: list[ReportedLabel], changes: dict[tuple[str, str], int]
) -> list[ReportedLabel]:
    """The same participants; where a (firm, step) is named its released best lies that many grid
    points higher.
    """

    def anew(p: ReportedLabel) -> ReportedLabel:
        best = dataclasses.replace(
            p.label.best,
            grid_point=p.label.best.grid_point + changes.get((p.firm, p.label.step), 0),
        )
        return dataclasses.replace(p, label=dataclasses.replace(p.label, best=best))

    return [anew(p) for p in reported]


def test_a_correction_that_alone_moves_the_best_waits_whoever_else_corrects(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """The poorest comes out as the best, and two in the middle move by a grid point: of four that
    changed one matters to the best.
    """
    firms = ranked(everyone, "melting")
    jumps = {(firms[-1], "melting"): -60} | {(firm, "melting"): 1 for firm in firms[12:15]}
    result = passed(pack, with_changes(everyone, jumps), (published(pack, everyone),))
    assert decision(result, "melting").reason_code == GateReason.DIFFERENCING
    assert decision(result, "blowing").reason_code == GateReason.UNCHANGED


def test_corrections_that_move_nothing_by_half_a_grid_width_may_go_out(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    slight = {(firm, "melting"): 1 for firm in ranked(everyone, "melting")[-3:]}
    result = passed(pack, with_changes(everyone, slight), (published(pack, everyone),))
    assert decision(result, "melting").reason_code == GateReason.SHOWN


def test_one_of_five_that_matter_may_make_up_no_more_than_its_share_of_the_change(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """All of the best five join: how evenly they do decides, and a laxer policy lets go what this
    one holds.
    """
    first = published(pack, without_places(everyone, 0, 1, 2, 3, 4))
    draft, roster = drafted(pack, everyone)
    reasons = []
    for share in (Fraction(1, 5), Fraction(1)):
        policy = pack.disclosure.model_copy(update={"largest_share_of_change": share})
        reasons.append(of_steps(gate(draft, roster, policy, (first,), period_end=END, today=LATE)))
    assert reasons == [{GateReason.DIFFERENCING}, {GateReason.SHOWN}]


def test_a_curve_stays_out_where_it_would_tell_in_which_quarter_one_firm_lies(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """Too few of the three that join matter to some point: best and typical value may go out, the
    curve may not.
    """
    result = passed(pack, everyone, (published(pack, without_places(everyone, 18, 22, 24)),))
    assert of_steps(result) == {GateReason.SHOWN}
    assert {(step.curve, step.curve_withheld) for step in result.published.cells} == {((), True)}
    alone = passed(pack, everyone)
    assert () not in {step.curve for step in alone.published.cells}


def test_every_earlier_version_is_compared_and_not_the_last_alone(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, without(everyone, {"firm-025"}), "1")
    second = published(pack, without(everyone, {"firm-023", "firm-024"}), "2")
    result = passed(pack, everyone, (first, second))
    assert decision(result, "melting").reason_code == GateReason.DIFFERENCING


def of_route_melting(
    pack: Pack, reported: list[ReportedLabel], seed: int
) -> tuple[IndustryLabel, Roster]:
    """A shorter route of the same pack, which shares its first cell with the main route."""
    first = pack.routes[0].steps[0].model_copy(update={"ratio": Fraction(2)})
    route = pack.routes[0].model_copy(update={"id": "melting-alone", "steps": (first,)})
    grouped = by_step(reported)
    label = compose_route(pack, route, grouped, np.random.default_rng(seed), period="2016")
    return label, roster_of(pack, route, grouped)


def test_a_cell_that_another_peer_group_showed_with_all_firms_but_one_is_hidden(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    elsewhere = published(pack, everyone, "main, version 1")
    draft, roster = of_route_melting(pack, without(everyone, {"firm-025"}), 5)
    result = gate(
        draft, roster, pack.disclosure, elsewhere=(elsewhere,), period_end=END, today=LATE
    )
    assert decision(result, "melting").reason_code == GateReason.OVERLAP
    assert "main, version 1" in decision(result, "melting").reason.en
    assert (result.shown, result.hold) == (
        0,
        False,
    )  # waiting would not help: the cell stays hidden, the rest may go out
    three_less, roster = of_route_melting(pack, without_places(everyone, -1, -2, -3), 5)
    assert decision(
        gate(
            three_less, roster, pack.disclosure, elsewhere=(elsewhere,), period_end=END, today=LATE
        ),
        "melting",
    ).shown


def test_another_spelling_of_the_period_is_held_against_this_one_by_its_firms(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """Every report is another one there; of the firms one alone has joined."""
    again = [
        dataclasses.replace(p, report="for 2016-01-01/2017-01-01")
        for p in without(everyone, {"firm-025"})
    ]
    first = published(pack, again, "2016-01-01/2017-01-01, version 1")
    first = dataclasses.replace(
        first, label=dataclasses.replace(first.label, period="2016-01-01/2017-01-01")
    )
    this = [dataclasses.replace(p, report="for 2016") for p in everyone]
    assert of_steps(passed(pack, this, elsewhere=(first,))) == {GateReason.OVERLAP}
    same_firms = [p for p in this if p.firm != "firm-025"]
    assert GateReason.UNCHANGED not in of_steps(
        passed(pack, same_firms, elsewhere=(first,))
    )  # figures of other reports do not stand for these


def test_what_the_gate_says_of_a_report_sent_anew_does_not_tell_whether_its_draw_repeated(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, [dataclasses.replace(p, report="first") for p in everyone])

    def decisions_after(moved: int) -> list[CellDecision]:
        revised = [
            dataclasses.replace(p, report="second" if p.firm == "firm-007" else "first")
            for p in everyone
        ]
        changes = {("firm-007", step): moved for step in ("melting", "blowing", "rolling")}
        return list(passed(pack, with_changes(revised, changes), (first,)).cells)

    assert decisions_after(0) == decisions_after(3)
    assert {cell.reason_code for cell in decisions_after(0) if cell.measure == "step"} == {
        GateReason.DIFFERENCING
    }


def test_a_cell_of_the_same_firms_has_one_figure_in_every_route(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    elsewhere = published(pack, everyone, "main, version 1")
    draft, roster = of_route_melting(pack, everyone, 5)
    result = gate(
        draft, roster, pack.disclosure, elsewhere=(elsewhere,), period_end=END, today=LATE
    )
    ours, theirs = result.published.cells[0], elsewhere.label.cells[0]
    assert decision(result, "melting").reason_code == GateReason.UNCHANGED
    assert (ours.best, ours.interval, ours.typical) == (
        theirs.best,
        theirs.interval,
        theirs.typical,
    )
    assert (ours.ratio, theirs.ratio) == (2.0, 1.05)


def test_an_unchanged_cell_keeps_its_published_figures(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    first = published(pack, everyone)
    draft = compose_route(
        pack, pack.routes[0], by_step(everyone), np.random.default_rng(99), period="2016"
    )  # other draws
    result = gate(draft, first.roster, pack.disclosure, (first,), period_end=END, today=LATE)
    assert {cell.reason_code for cell in result.cells} == {GateReason.UNCHANGED}
    assert result.published == first.label


def test_an_unchanged_cell_tells_who_was_set_aside_in_this_draft(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    """A second site of a firm moves no figure, and is counted and named by the reason for which it
    does not enter.
    """
    first = published(pack, everyone)
    of_a_firm = next(row for row in everyone if row.label.step == "melting")
    further = dataclasses.replace(of_a_firm, site="zz-further-site", report="further")
    result = passed(pack, [*everyone, further], (first,))
    assert {cell.reason_code for cell in result.cells} == {GateReason.UNCHANGED}
    melting, before = result.published.cells[0], first.label.cells[0]
    assert (before.sites, before.set_aside) == (26, ())
    assert (melting.sites, melting.eligible, melting.set_aside) == (
        27,
        27,
        (("other-site-of-firm", 1),),
    )
    assert (melting.best, melting.interval, melting.curve) == (
        before.best,
        before.interval,
        before.curve,
    )


def test_a_roster_of_other_participants_is_refused(
    pack: Pack, everyone: list[ReportedLabel]
) -> None:
    draft, _ = drafted(pack, everyone)
    _, other = drafted(pack, everyone[1:])
    with pytest.raises(InputError) as caught:
        gate(draft, other, pack.disclosure, period_end=END, today=LATE)
    assert caught.value.code == "roster-differs"


def test_the_result_comes_back_from_json(pack: Pack, everyone: list[ReportedLabel]) -> None:
    result = passed(pack, everyone[:40])
    assert GateResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    facts: dict[str, str | int] = {
        "date": "2017-04-01",
        "firms": 3,
        "fewest": 8,
        "share": "25 %",
        "version": "1",
        "least": 2,
        "steps": "x",
    }
    for reason in GateReason:
        words = sentence(reason, **facts)
        assert words.en
        assert any("\u4e00" <= sign <= "\u9fff" for sign in words.said_in("zh"))


@given(st.floats(-1e4, 1e4), st.floats(0, 50), st.sampled_from(["0.25", "0.1", "0.008", "5"]))
def test_rounding_outward_holds_the_interval_and_adds_less_than_two_grid_widths(
    lo: float, length: float, width: str
) -> None:
    step = Fraction(width)
    rounded = outward((lo, lo + length), step)
    assert rounded[0] <= lo + 1e-9
    assert lo + length <= rounded[1] + 1e-9
    assert rounded[1] - rounded[0] <= length + 2 * float(step) + 1e-9


def test_values_round_half_to_even_on_the_grid_below_zero_too() -> None:
    quarter = Fraction(1, 4)
    assert to_grid(0.125, quarter) == 0.0
    assert to_grid(0.375, quarter) == 0.5
    assert to_grid(-30.125, quarter) == -30.0
    assert to_grid(-28.374, Fraction(1, 8), Fraction(-50)) == -28.375


def test_a_totals_grid_is_no_finer_than_any_of_its_parts() -> None:
    grids = [
        (1.05, Grid(Fraction(0), Fraction(9), Fraction(1, 4))),
        (1.0, Grid(Fraction(0), Fraction(9), Fraction(1, 10))),
    ]
    assert total_width(grids) == Fraction(1, 2)
    assert total_width([(1.0, Grid(Fraction(0), Fraction(9), Fraction(1, 5)))]) == Fraction(1, 5)
    assert total_width([(1.0, Grid(Fraction(0), Fraction(1), Fraction(1, 1000)))]) == Fraction(
        1, 1000
    )
    assert total_width([(0.4, Grid(Fraction(0), Fraction(9), Fraction(1, 2)))]) == Fraction(
        1, 5
    )  # 0.4 as written, not 0.4000…02
