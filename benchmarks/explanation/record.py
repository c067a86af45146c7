"""What was left out, refused, approved and changed: the record of one version, in words."""

from __future__ import annotations

from benchmarks.composition.result import IndustryLabel
from benchmarks.declared import Words, worded
from benchmarks.disclosure import GateReason, GateResult
from benchmarks.disclosure.reasons import with_step_names
from benchmarks.explanation.facts import Participation
from benchmarks.explanation.wording import cell_name, reports, sites
from benchmarks.phrases import Name, Phrase, Value, listed, sentences
from benchmarks.routes import Pack

_SET_ASIDE = {
    "not-comparable": worded("another boundary, unit or grid"),
    "not-eligible": worded("expected error too large"),
    "other-site-of-firm": worded("another site of a firm already counted"),
}


_BY_POLICY = {
    "not-attested": worded("not attested: only attested reports are used for these values"),
    "adverse-opinion": worded("with an adverse opinion of a certification body"),
}
"""Why accepted reports do not enter, where the regulators of the peer group decided so."""


def exclusions(label: IndustryLabel, pack: Pack, facts: Participation) -> Words:
    parts: list[Value] = []
    for cell in label.headline:
        for reason, count in cell.set_aside:
            where, why = pack.step(cell.step).words, _SET_ASIDE[reason]
            parts.append(
                Phrase("%(where)s: %(sites)s, %(why)s", where=where, sites=sites(count), why=why)
            )
    parts += [_left_out(code, count) for code, count in facts.excluded]
    return Words.of(listed(parts) if parts else Phrase("None."))


def _left_out(code: str, count: int) -> Phrase:
    why = _BY_POLICY.get(code)
    if why is None:
        return Phrase("%(count)s withheld or refused: %(code)s", count=count, code=code)
    return Phrase("%(reports)s, %(why)s", reports=reports(count), why=why)


def refused(gate: GateResult, pack: Pack) -> Words:
    """Each refused value with the gate's sentence."""
    names = {
        "composite": worded("Best values of the steps combined"),
        "best-reached": worded("Best whole route really reached"),
        "typical": worded("Typical plant"),
    }
    steps = {step.id: step.words for step in pack.steps}
    parts = []
    for cell in gate.cells:
        if cell.reason_code not in (GateReason.SHOWN, GateReason.UNCHANGED):
            where = (
                cell_name(pack.step(cell.step), cell.variant, cell.metric)
                if cell.step
                else names[cell.measure]
            )
            why = cell.reason if cell.step else with_step_names(cell.reason, steps)
            parts.append(Phrase("%(where)s: %(why)s", where=where, why=why))
    return Words.of(
        sentences(parts) if parts else Phrase("None: every value passed the disclosure gate.")
    )


_ACTS = {
    "drafted": Phrase("drafted by %(who)s, %(on)s"),
    "published": Phrase("published by %(who)s, %(on)s"),
    "withdrew": Phrase("withdrawn by %(who)s, %(on)s"),
}


def approval(facts: Participation) -> Words:
    if not facts.approvals:
        return worded("Not approved yet: this is a draft.")
    return Words.of(
        listed(
            Phrase(
                _ACTS[decision.act],
                who=Name(decision.who, zh=decision.who_zh),
                on=decision.on.isoformat(),
            )
            for decision in facts.approvals
        )
    )


def changes(facts: Participation) -> Words:
    if facts.change is None:
        return worded("First version.")
    since = facts.change.since_version
    return worded("Since version %(since)s: %(change)s", since=since, change=facts.change.words)
