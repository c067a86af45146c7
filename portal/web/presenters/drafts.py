"""A draft as the second person reads it: what stands in the way, every value with its finding, the
change since the last version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchmarks.comparison.estimates import Estimate
from benchmarks.label_keys import CellKey, LabelKey
from portal.publication.definition_changes import totals_compare
from portal.publication.review import DraftView, ReleaseView, ReportMove
from portal.publication.shapes import CellView, LabelView, TotalView
from portal.web.areas import VERSION_LINKS
from portal.web.charts.ladder import DrawnInterval
from portal.web.presenters.errata import erratum_checks
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.presenters.regulator import public_address, shown_in_kgce
from portal.web.viewmodels.drafts import (
    ChangeRow,
    DraftCheck,
    DraftPage,
    GateCell,
    GateRow,
    ReleaseRow,
)
from portal.web.viewmodels.shared import StateWord
from portal.web.words.figures import NONE, between, decimals_of, number, signed
from portal.web.words.terms import (
    VERSION_STATES,
    Names,
    enumerated,
    in_language,
    metric_name,
    moment_in_words,
    shown_name,
    state,
    unit_in_words,
    with_variant,
)


def draft_page(view: DraftView) -> DraftPage:
    shown = shown_in_kgce(view)
    decisions: list[CellView | TotalView] = [
        *view.label.cells,
        view.label.composite,
        view.label.best_reached,
        view.label.typical,
    ]
    metrics = {
        metric: capfirst(metric_name(metric))
        for metric in dict.fromkeys(cell.metric for cell in view.label.cells)
    }
    passing = sum(decision.shown for decision in decisions)
    return DraftPage(
        version=view.version,
        state=_state(view),
        drafted_by=view.drafted_by,
        drafted_at=view.drafted_at,
        undecided=view.status == "draft",
        decided={
            "published": _("This version is published."),
            "withdrawn": _("This version is withdrawn."),
            "discarded": _("This draft is discarded."),
        }.get(view.status, ""),
        may_go_out=not view.hold and passing > 0,
        shown=passing,
        hidden=len(decisions) - passing,
        checks=_checks(view, decisions),
        columns=tuple(metrics.values()),
        cells=_cells(view, metrics, shown),
        totals=_total_rows(view, tuple(metrics.values()), shown),
        previous=view.previous.version if view.previous else None,
        changes=_changes(view.label, view.previous.label, shown) if view.previous else (),
        may_publish=view.may_publish,
        why_not=_why_not(view),
        publish_url=reverse("web:publish", args=[view.id]),
        comment_url=reverse("web:comment", args=[view.id]),
        comments=view.comments,
        release=_release(view.release) if view.release else None,
        cancel_url=reverse("web:cancel-release", args=[view.id])
        if view.release and view.release.state == "waiting"
        else "",
        approval_note=view.approval_note,
        withdraw_url=reverse("web:withdraw", args=[view.id]),
        discard_url=reverse("web:discard", args=[view.id]) if view.may_discard else "",
        added=VERSION_LINKS(view.id, bool(view.erratum)),
        composed_url="" if view.erratum else reverse("web:composed-of", args=[view.id]),
        correct_url=reverse("web:correct", args=[view.id]) if view.may_correct else "",
        public_url=public_address(view),
        may_withdraw=view.may_withdraw,
        what_changed=view.what_changed,
    )


def _totals(label: LabelView) -> tuple[tuple[str, TotalView], ...]:
    return (
        (_("Whole route: step bests combined"), label.composite),
        (_("Whole route: best really reached"), label.best_reached),
        (_("Whole route: typical plant"), label.typical),
    )


Decisions = Sequence[CellView | TotalView]
"""What the gate decided of every value: each step's, then the totals'."""

_BESIDE_OTHERS = ("overlap", "combined", "metrics")
"""Reasons that other values give which the public sees, of this version too."""


def _checks(view: DraftView, decisions: Decisions) -> tuple[DraftCheck, ...]:
    names = Names.of(view.pack, view.pack_version)
    passing, of = sum(decision.shown for decision in decisions), len(decisions)
    checks = [
        DraftCheck(
            _("Disclosure gate"),
            _("All %(of)d values may be shown.") % {"of": of}
            if passing == of
            else _(
                "%(shown)d of %(of)d values may be shown; each of the others has its reason below."
            )
            % {"shown": passing, "of": of},
            "ok" if passing else "no",
        )
    ]
    if view.erratum is not None:
        checks += erratum_checks(view.erratum)
    elif view.newest_shown is not None:
        difference_reason = _reason(decisions, names, "differencing")
        same = {cell.reason_code for cell in view.label.cells if cell.shown} == {"unchanged"}
        differs = (
            _(
                "The same firms and values as before are behind every value, so the figures are "
                "those of version %(n)d."
            )
            if same
            else _(
                "Enough firms differ from version %(n)d: the difference does not reveal any firm."
            )
        )
        text = difference_reason or differs % {"n": view.newest_shown}
        checks.append(
            DraftCheck(
                _("Difference from version %(n)d") % {"n": view.newest_shown},
                text,
                "no" if difference_reason else "ok",
            )
        )
    if others := _reason(decisions, names, *_BESIDE_OTHERS):
        checks.append(DraftCheck(_("Difference from other public values"), others, "no"))
    if years := _reason(decisions, names, "years"):
        checks.append(DraftCheck(_("Difference from other years"), years, "no"))
    checks.append(_one_report(view, decisions, names))
    if lag := _reason(decisions, names, "lag"):
        checks.append(DraftCheck(_("Lag"), lag, "wait"))
    fitted = [cell for cell in view.label.cells if cell.shown and cell.good_fit is not None]
    poor = [cell for cell in fitted if not cell.good_fit]
    judged = bool(fitted) and view.reports > 1
    fits = _("The spread between plants fits the assumed one at every step.")
    doubts = _(
        "The spread between plants does not fit the assumed one well at: %(steps)s. The interval "
        "there may be too narrow."
    ) % {"steps": enumerated(_cell_name(cell, names) for cell in poor)}
    too_few = _(
        "Too few plants have a value: their spread cannot be compared with the assumed one."
    )
    checks.append(
        DraftCheck(
            _("Composition"),
            doubts if poor else fits if judged else too_few,
            "ok" if judged and not poor else "wait",
        )
    )
    reports = ngettext("%(n)d report entered.", "%(n)d reports entered.", view.reports) % {
        "n": view.reports
    }
    checks.append(DraftCheck(_("Participants"), reports, "ok"))
    if view.status == "draft":
        text = (
            _("Not yet. You may publish: you did not draft this version.")
            if view.may_publish
            else _why_not(view)
        )
        checks.append(
            DraftCheck(_("Second person"), text, "wait", "#decide", _("Go to the decision"))
        )
    elif view.status != "discarded":
        checks.append(
            DraftCheck(
                _("Second person"), _("Published by %(who)s.") % {"who": view.approved_by}, "ok"
            )
        )
    return tuple(checks)


def _one_report(view: DraftView, decisions: Decisions, names: Names) -> DraftCheck:
    """What a single false report could change, and what waits until one is audited."""
    title = _("One report")
    if waits := _reason(decisions, names, "influence"):
        return DraftCheck(
            title,
            _("%(reason)s Below each such value stands whose report to audit first.")
            % {"reason": waits},
            "no",
        )
    shares = [move.share for move in view.moves.values() if move.share is not None]
    if not shares:
        return DraftCheck(title, _("There is no value that one report could move."), "ok")
    share = _("%(n)s %%") % {"n": number(100 * max(shares), 1)}
    return DraftCheck(
        title,
        _("No value moves by more than %(share)s, or beyond its interval, without any one firm.")
        % {"share": share},
        "ok",
    )


def _cell_name(cell: CellView, names: Names) -> str:
    """`clinker burning (heat)`, with its variant where the step has several."""
    details = (names.variant_name(cell.step, cell.variant), metric_name(cell.metric))
    return with_variant(names.step_name(cell.step), enumerated(filter(None, details)))


def _state(view: DraftView) -> StateWord:
    if _waits(view) and view.why_not != "newer-published":
        return StateWord(_("Approved, will be published at its time"), "wait")
    return state(VERSION_STATES, view.status)


def _waits(view: DraftView) -> bool:
    """Whether it is approved and its time has not come."""
    return view.status == "draft" and view.release is not None and view.release.state == "waiting"


def _release(view: ReleaseView) -> ReleaseRow:
    stopped = {
        "not-a-draft": _("it was no longer a draft"),
        "not-regulator": _("the person who approved it may no longer decide on it"),
        "newer-published": _("a newer version was published after the approval"),
        "draft-outdated": _("reports were accepted or replaced after the approval"),
        "naming-changed": _(
            "a firm that it names would not stand in it by that name now (a choice to be named "
            "was changed, or the firm was renamed)"
        ),
        "gate-changed": _("the disclosure gate's result has changed since the approval"),
        "attestations-changed": _("what it says of attestations has changed since the approval"),
        "explanation-changed": _(
            "a sentence of its explanation no longer holds, such as how many firms were obliged "
            "to report"
        ),
    }
    ended = {
        "waiting": "",
        "released": _("It was published as approved."),
        "cancelled": _("Cancelled by %(who)s.") % {"who": view.ended_by},
        "stopped": _("It was stopped at its release time: %(why)s. Compose the draft again.")
        % {
            "why": stopped.get(view.reason_code)
            or _("it could not be checked any more (%(code)s)") % {"code": view.reason_code}
        },
    }
    return ReleaseRow(view.at, view.approved_by, view.approved_at, view.note, ended[view.state])


def _reason(decisions: Decisions, names: Names, *codes: str) -> str:
    """The gate's sentence for the first value that it holds for one of these reasons; empty where
    there is none.
    """
    reasons = (
        names.total_reason(decision.reason_en, decision.reason_zh)
        for decision in decisions
        if decision.reason_code in codes
    )
    return next(reasons, "")


def _why_not(view: DraftView) -> str:
    reasons = {
        "not-regulator": _(
            "Only a regulator of the whole jurisdiction of this peer group can decide on it."
        ),
        "is-scheduled": _("It is approved and will be published at the time that was set."),
        "newer-published": _(
            "A newer version has been published since this was drafted, so it cannot be published "
            "any more. Discard it."
        ),
        "own-draft": _(
            "You drafted this version, so another person must decide. Ask a colleague to sign in "
            "and read it."
        ),
        "not-a-draft": _("This version has been decided; it is no longer a draft."),
        "gate-holds": _(
            "The disclosure gate blocks this draft: wait until its reason has passed, then "
            "compose the draft again."
        ),
        "nothing-shown": _(
            "The disclosure gate releases no value, so there is nothing to publish. More firms "
            "must report first."
        ),
    }
    if view.withdrawal_reason:
        return _("Withdrawn. Reason: %(reason)s") % {"reason": view.withdrawal_reason}
    if view.discarded_at is not None:
        facts = {
            "who": view.discarded_by,
            "moment": moment_in_words(view.discarded_at),
            "reason": view.discard_reason,
        }
        return _("Discarded by %(who)s, %(moment)s. Reason: %(reason)s") % facts
    if view.why_not == "newer-published" and _waits(view):
        return _(
            "A newer version has been published since this was approved, so it will not be "
            "published. Cancel its release, then discard it."
        )
    return reasons.get(view.why_not, "")


def _cells(
    view: DraftView, metrics: Mapping[str, str], shown: TotalsDisplay
) -> tuple[GateRow, ...]:
    """One row a step and variant, one column a metric."""
    rows: dict[tuple[str, str], dict[str, CellView]] = {}
    for cell in view.label.cells:
        rows.setdefault((cell.step, cell.variant), {})[cell.metric] = cell
    nobody, nowhere = _("Nobody reported it"), _("Not in the pack")
    table = []
    for (step_id, variant_id), by_metric in rows.items():
        variant = shown.names.variant_name(step_id, variant_id)
        pack_step = shown.names.step(step_id)
        released = (
            {rule.metric for rule in pack_step.metrics if rule.released} if pack_step else set()
        )
        table.append(
            GateRow(
                with_variant(shown.names.step_name(step_id), variant),
                tuple(
                    _cell_of_step(title, by_metric[metric], shown, view.moves)
                    if metric in by_metric
                    else GateCell(title, absent=nobody if metric in released else nowhere)
                    for metric, title in metrics.items()
                ),
            )
        )
    return tuple(table)


def _cell_of_step(
    column: str, cell: CellView, shown: TotalsDisplay, moves: Mapping[str, ReportMove]
) -> GateCell:
    best, decimals = cell.best_estimate, shown.step_decimals(cell)
    if best is None:
        gated = GateCell(column, hidden=in_language(cell.reason_en, cell.reason_zh))
    else:
        gated = _cell(column, best, cell.unit, cell.firms, decimals)
    return _with_move(gated, moves.get(str(CellKey.of(cell))), cell.unit, decimals)


def _with_move(
    cell: GateCell, move: ReportMove | None, unit: str, decimals: int | None
) -> GateCell:
    """With how far one report moves the value, and whose to audit first."""
    if move is None:
        return cell
    amount = f"{number(move.by, decimals)} {unit_in_words(unit)}"
    if move.share is not None:
        share = _("%(n)s %%") % {"n": number(100 * move.share, 1)}
        amount = _("%(share)s (%(amount)s)") % {"share": share, "amount": amount}
    return replace(
        cell,
        move=_("Without any one firm it moves by at most %(amount)s.") % {"amount": amount},
        audit_first=_("Audit first: %(site)s") % {"site": shown_name(move.audit_first)}
        if move.audit_first
        else "",
    )


def _cell(column: str, estimate: Estimate, unit: str, firms: int, decimals: int | None) -> GateCell:
    interval = between(estimate.lo, estimate.hi, decimals)
    return GateCell(
        column,
        f"{number(estimate.value, decimals)} {unit_in_words(unit)}",
        interval,
        _("%(n)s firms") % {"n": firms},
    )


def _total_rows(
    view: DraftView, columns: Sequence[str], shown: TotalsDisplay
) -> tuple[GateRow, ...]:
    decimals = shown.total_decimals(view.label)
    first, *others = columns or ("",)  # a label without a step has its totals all the same
    nothing = tuple(GateCell(column, absent=NONE) for column in others)
    rows = []
    for (title, total), measure in zip(
        _totals(view.label), ("composite", "best-reached", "typical"), strict=True
    ):
        estimate = total.estimate
        if estimate is None:
            cell = GateCell(
                first, hidden=shown.names.total_reason(total.reason_en, total.reason_zh)
            )
        else:
            cell = _cell(first, estimate, total.unit, total.firms, decimals)
        cell = _with_move(cell, view.moves.get(measure), total.unit, decimals)
        rows.append(GateRow(title, (cell, *nothing)))
    return tuple(rows)


def _changes(now: LabelView, before: LabelView, shown: TotalsDisplay) -> tuple[ChangeRow, ...]:
    """Every headline value that stands in both, on one scale of energy per tonne of the route's
    product; last the whole route.

    Of a step that the version before has with another boundary or unit, by another version of the
    pack, or whose totals add up another variant, nothing; nor of a whole route that adds other
    things up.
    """
    old = {_defined(cell): cell for cell in before.headline}
    alike = [(cell, old[_defined(cell)]) for cell in now.headline if _defined(cell) in old]
    pairs: list[tuple[str, str, Estimate, Estimate, float, int | None]] = []
    for step, earlier in alike:
        then, current = earlier.best_estimate, step.best_estimate
        if then is not None and current is not None:
            pairs.append(
                (
                    shown.names.step_name(step.step),
                    unit_in_words(step.unit),
                    then,
                    current,
                    step.ratio,
                    shown.step_decimals(step),
                )
            )
    then, current = before.composite.estimate, now.composite.estimate
    if (
        then is not None
        and current is not None
        and totals_compare(before, now)
        and before.composite.unit == now.composite.unit
    ):
        pairs.append(
            (
                _("Whole route"),
                unit_in_words(now.composite.unit),
                then,
                current,
                1.0,
                shown.total_decimals(now),
            )
        )
    ends = [
        abs(ratio * (end - then.value))
        for _name, _unit, then, current, ratio, _decimals in pairs
        for end in (then.lo, then.hi, current.value)
        if end is not None
    ]
    scale = 46 / max(ends, default=1.0) if any(ends) else 1.0
    readings = (_("outside its interval"), _("within its interval"))
    return tuple(_change(*pair, scale, readings) for pair in pairs)


def _defined(cell: CellView) -> tuple[LabelKey, str, str]:
    return LabelKey.of(cell), cell.boundary, cell.unit


def _change(
    name: str,
    unit: str,
    then: Estimate,
    now: Estimate,
    ratio: float,
    decimals: int | None,
    scale: float,
    readings: tuple[str, str],
) -> ChangeRow:
    decimals = decimals_of(then.value, now.value) if decimals is None else decimals
    band = None
    if then.lo is not None and then.hi is not None:
        left, right = (
            50 + scale * ratio * (then.lo - then.value),
            50 + scale * ratio * (then.hi - then.value),
        )
        band = DrawnInterval(f"{left:.2f}%", f"{right - left:.2f}%")
    inside = then.lo is not None and then.hi is not None and then.lo <= now.value <= then.hi
    return ChangeRow(
        step=name,
        unit=unit,
        before=number(then.value, decimals),
        now=number(now.value, decimals),
        change=signed(now.value - then.value, decimals),
        band=band,
        dot=f"{50 + scale * ratio * (now.value - then.value):.2f}%",
        reading=readings[inside],
    )
