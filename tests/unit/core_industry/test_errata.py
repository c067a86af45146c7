"""The erratum of a version: which figures move, which stand, what is withheld, and who may be
corrected.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from benchmarks.composition import IndustryLabel, ReportedLabel, by_step, compose_with_roster
from benchmarks.disclosure import GateReason, GateResult, PublishedVersion, gate
from benchmarks.disclosure.corrected_values import CorrectedVersion, Correction
from benchmarks.disclosure.errata import Erratum, changed_firms, erratum, moved
from benchmarks.errors import PolicyRefusal
from benchmarks.routes import Pack

Grow = Callable[..., Any]
END, LATE = date(2017, 1, 1), date(2017, 6, 1)
STEPS = ("melting", "blowing", "rolling")
AT_FAULT, TAKEN_OUT, NOT_AT_FAULT = (
    Correction.AT_FAULT,
    Correction.TAKEN_OUT,
    Correction.NOT_AT_FAULT,
)


def reports(grow: Grow, firms: int) -> list[ReportedLabel]:
    rng = np.random.default_rng(1)
    labels = [row for step in STEPS for row in grow(rng, firms, step).labels]
    return [dataclasses.replace(row, report=f"{row.firm} 1") for row in labels]


def other_report(
    labels: list[ReportedLabel], firm: str, cells: int, steps: tuple[str, ...] = STEPS
) -> list[ReportedLabel]:
    """With another report of the firm, whose values lie so many cells further at these steps."""

    def sent_again(row: ReportedLabel) -> ReportedLabel:
        by = cells if row.label.step in steps else 0
        best, typical = (
            dataclasses.replace(drawn, grid_point=drawn.grid_point + by)
            for drawn in (row.label.best, row.label.typical)
        )
        label = dataclasses.replace(row.label, best=best, typical=typical)
        return dataclasses.replace(row, label=label, report=f"{row.firm} 2")

    return [sent_again(row) if row.firm == firm else row for row in labels]


def version(pack: Pack, then: list[ReportedLabel], now: list[ReportedLabel]) -> CorrectedVersion:
    label, roster = composed(pack, then)
    gated = gate(label, roster, pack.disclosure, period_end=END, today=LATE)
    return CorrectedVersion("1", gated, roster, composed(pack, now)[1])


def composed(pack: Pack, labels: list[ReportedLabel]) -> Any:
    return compose_with_roster(
        pack, pack.routes[0], by_step(labels), np.random.default_rng(0), period="2016"
    )


def reasons(result: GateResult) -> Mapping[str, GateReason]:
    return {decision.step or decision.measure: decision.reason_code for decision in result.cells}


def bests(label: IndustryLabel) -> dict[str, float | None]:
    return {cell.step: cell.best for cell in label.cells} | {
        "composite": label.composite.value,
        "best_reached": label.best_reached.value,
        "typical": label.typical.value,
    }


def liar(labels: list[ReportedLabel]) -> str:
    """A firm in the middle of the first step."""
    melting = [row for row in labels if row.label.step == "melting"]
    return sorted(melting, key=lambda row: row.label.best.grid_point)[len(melting) // 2].firm


def corrected(pack: Pack, labels: list[ReportedLabel], kind: Correction, cells: int) -> Erratum:
    firm = liar(labels)
    return erratum(version(pack, other_report(labels, firm, cells), labels), {firm: kind}, pack, 7)


@pytest.mark.parametrize("kind", [AT_FAULT, NOT_AT_FAULT])
def test_every_figure_is_that_of_true_reports_within_its_interval(
    pack: Pack, grow: Grow, kind: Correction
) -> None:
    labels = reports(grow, 26)
    true, _ = composed(pack, labels)
    result = corrected(pack, labels, kind, -24).gate
    for cell, exact in zip(result.published.cells, true.cells, strict=True):
        assert cell.interval is not None
        assert exact.best is not None
        assert cell.interval[0] <= exact.best <= cell.interval[1]
    low, high = result.published.composite.interval or (0.0, 0.0)
    assert low <= true.composite.value <= high
    low, high = result.published.best_reached.interval or (0.0, 0.0)
    assert low <= true.best_reached.value <= high
    assert set(reasons(result).values()) == {GateReason.CORRECTED}


def test_a_step_without_a_corrected_report_is_unchanged(pack: Pack, grow: Grow) -> None:
    labels = reports(grow, 26)
    firm = liar(labels)
    without = [row for row in labels if row.firm != firm or row.label.step == "melting"]
    base = version(pack, other_report(without, firm, -24), without)
    result = erratum(base, {firm: AT_FAULT}, pack, 7).gate
    assert reasons(result) == {
        "melting": GateReason.CORRECTED,
        "blowing": GateReason.UNCHANGED,
        "rolling": GateReason.UNCHANGED,
        "composite": GateReason.CORRECTED,
        "best-reached": GateReason.UNCHANGED,
        "typical": GateReason.UNCHANGED,
    } | {"typical": reasons(result)["typical"]}
    named = {
        (figure.step, figure.figure) for figure in moved(base.gate.published, result.published)
    }
    assert ("melting", "best") in named
    assert not {step for step, _ in named} - {"melting", ""}


def test_figures_that_an_honest_correction_hardly_moves_stand(pack: Pack, grow: Grow) -> None:
    labels = reports(grow, 26)
    result = corrected(pack, labels, NOT_AT_FAULT, 1)
    assert set(reasons(result.gate).values()) <= {GateReason.STANDS, GateReason.UNCHANGED}
    assert {len(cell.members) for cell in result.roster.cells} == {26}
    moved_by_fault = corrected(pack, labels, NOT_AT_FAULT, -24)
    assert 25 in {len(cell.members) for cell in moved_by_fault.roster.cells}
    assert all(cell.firms == 26 for cell in moved_by_fault.gate.published.cells)


def test_of_eight_firms_none_may_be_taken_out(pack: Pack, grow: Grow) -> None:
    labels = reports(grow, 8)
    firm = liar(labels)
    base = version(pack, labels, labels)
    result = erratum(base, {firm: TAKEN_OUT}, pack, 7).gate
    assert result.shown == 0
    assert reasons(result)["melting"] is GateReason.TOO_FEW_FIRMS
    assert reasons(result)["composite"] is GateReason.SECONDARY
    replaced = erratum(base, {firm: AT_FAULT}, pack, 7).gate
    assert replaced.shown == base.gate.shown


def test_a_curve_whose_points_are_others_for_one_firm_fewer_is_withheld(
    pack: Pack, grow: Grow
) -> None:
    labels = reports(grow, 20)
    base = version(pack, labels, labels)
    assert all(cell.curve for cell in base.gate.published.cells)
    result = erratum(base, {liar(labels): TAKEN_OUT}, pack, 7).gate.published
    assert {(cell.firms, cell.curve, cell.curve_withheld) for cell in result.cells} == {
        (19, (), True)
    }


def test_the_rule_is_that_of_the_firms_that_are_left(pack: Pack, grow: Grow) -> None:
    labels = reports(grow, 50)
    base = version(pack, labels, labels)
    result = erratum(base, {liar(labels): TAKEN_OUT}, pack, 7).gate.published
    assert {cell.rule for cell in base.gate.published.cells} == {"trimmed-best-decile"}
    assert {cell.rule for cell in result.cells} == {"trimmed-best-five"}


def test_what_the_version_does_not_show_stays_out(pack: Pack, grow: Grow) -> None:
    labels = [row for row in reports(grow, 12) if row.label.step != "rolling"]
    firm = liar(labels)
    base = version(pack, other_report(labels, firm, -24), labels)
    result = erratum(base, {firm: AT_FAULT}, pack, 7).gate
    then, now = reasons(base.gate), reasons(result)
    assert then["rolling"] is now["rolling"] is GateReason.TOO_FEW_FIRMS
    assert then["composite"] is now["composite"]
    assert now["melting"] is GateReason.CORRECTED


def test_two_firms_are_corrected_together_each_in_its_way_and_no_third(
    pack: Pack, grow: Grow
) -> None:
    labels = reports(grow, 26)
    false, honest, third = (labels[index].firm for index in (3, 9, 15))
    then = other_report(other_report(labels, false, -24), honest, 1)
    base = version(pack, then, labels)
    assert changed_firms(base.roster, base.now) == {false, honest}
    result = erratum(base, {false: AT_FAULT, honest: NOT_AT_FAULT}, pack, 7)
    alone = erratum(base, {false: AT_FAULT}, pack, 7)
    assert bests(result.gate.published) == bests(alone.gate.published)
    with pytest.raises(PolicyRefusal) as refused:
        erratum(base, dict.fromkeys((false, honest, third), AT_FAULT), pack, 7)
    assert refused.value.code == "too-many-corrected"


def test_the_gate_compares_later_versions_with_an_erratum_as_with_any(
    pack: Pack, grow: Grow
) -> None:
    labels = reports(grow, 26)
    false, second, third = (labels[index].firm for index in (3, 9, 15))
    base = version(pack, other_report(labels, false, -24), labels)
    result = erratum(base, {false: AT_FAULT}, pack, 7)
    public = (
        PublishedVersion("1", base.gate.published, base.roster),
        PublishedVersion("2", result.gate.published, result.roster),
    )

    def later(now: list[ReportedLabel]) -> set[GateReason]:
        label, roster = composed(pack, now)
        gated = gate(label, roster, pack.disclosure, public, period_end=END, today=LATE)
        return {cell.reason_code for cell in gated.cells if cell.step}

    assert later(labels) == {GateReason.UNCHANGED}
    again = other_report(other_report(labels, second, 2), third, 2)
    # with the corrected firm three differ from version 1, but only two from the erratum
    assert later(again) == {GateReason.DIFFERENCING}
