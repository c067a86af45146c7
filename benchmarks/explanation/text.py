"""The explanation of one published version: the lead, the rule, the noise, clause 4.1, method,
exclusions, history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date

from benchmarks.composition.result import IndustryLabel, RouteTotal
from benchmarks.declared import Words, worded
from benchmarks.disclosure import GateResult
from benchmarks.disclosure.rounding import total_width
from benchmarks.explanation import en16231, record
from benchmarks.explanation.facts import Participation
from benchmarks.explanation.shown_limits import LimitShown, note, shown_limits
from benchmarks.explanation.wording import amount, between, decimals_of, figure, firms
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, Value, sentences
from benchmarks.routes import Pack, Route
from benchmarks.stored import StoredAsJson


@dataclass(frozen=True, slots=True)
class Explanation(StoredAsJson):
    """Every text of a published version. The eleven fields from `deliverables` on are EN 16231,
    clause 4.1, in order.
    """

    title: Words
    lead: Words
    rule: Words
    intervals: Words
    noise: Words
    deliverables: Words
    objective: Words
    entities_and_boundaries: Words
    target_group: Words
    sample_characteristics: Words
    participants_and_coordinator: Words
    comparable_conditions: Words
    confidentiality_and_access: Words
    verification_of_data: Words
    validation_of_results: Words
    content_of_report: Words
    method: Words
    sources: Words
    exclusions: Words
    refused: Words
    approval: Words
    changes: Words
    limits: tuple[LimitShown, ...]
    limits_note: Words

    def clause_4_1(self) -> tuple[tuple[Words, Words], ...]:
        """The items of EN 16231, clause 4.1, in its order: heading and text."""
        return tuple((heading, getattr(self, name)) for name, heading in CLAUSE_4_1.items())


CLAUSE_4_1: Mapping[str, Words] = {
    "deliverables": worded("Deliverables"),
    "objective": worded("Objective"),
    "entities_and_boundaries": worded("Entities and boundaries"),
    "target_group": worded("Target group"),
    "sample_characteristics": worded("Sample"),
    "participants_and_coordinator": worded("Participants and coordinator"),
    "comparable_conditions": worded("Conditions for comparable data"),
    "confidentiality_and_access": worded("Confidentiality and access"),
    "verification_of_data": worded("Verification of data"),
    "validation_of_results": worded("Validation of results"),
    "content_of_report": worded("Content of the report"),
}


def explain(
    gate: GateResult,
    pack: Pack,
    route: Route,
    participation: Participation,
    *,
    version: str,
    on: date,
) -> Explanation:
    """Explain what may be published, and nothing else: every figure is taken from the gated label.

    Args:
        version: of this publication, e.g. "2".
        on: the day whose limits of standards stand beside the label: the last of the period, as a
            site's grades have it.
    """
    label = gate.published
    limits = shown_limits(pack, route, on, {cell.step: cell.variant for cell in label.headline})
    return Explanation(
        title=_title(label, pack, route),
        lead=_lead(label, pack, route),
        rule=_rule(label, pack),
        intervals=_intervals(label),
        noise=_noise(pack),
        deliverables=en16231.deliverables(label),
        objective=en16231.objective(),
        entities_and_boundaries=en16231.entities_and_boundaries(pack, route),
        target_group=en16231.target_group(),
        sample_characteristics=en16231.sample(label, pack, route, participation),
        participants_and_coordinator=en16231.participants_and_coordinator(participation),
        comparable_conditions=en16231.comparable_conditions(pack, route),
        confidentiality_and_access=en16231.confidentiality_and_access(pack),
        verification_of_data=en16231.verification_of_data(participation.verification, pack),
        validation_of_results=en16231.validation_of_results(label, pack),
        content_of_report=en16231.content_of_report(),
        method=_method(label, pack, version),
        sources=_sources(pack, route),
        exclusions=record.exclusions(label, pack, participation),
        refused=record.refused(gate, pack),
        approval=record.approval(participation),
        changes=record.changes(participation),
        limits=limits,
        limits_note=note(pack, route, Period.parse(label.period, UTC), limits),
    )


def _title(label: IndustryLabel, pack: Pack, route: Route) -> Words:
    """The pack's name; a route that is not the pack's main one is named too."""
    if route.id == pack.routes[0].id:
        return worded("%(pack)s, %(period)s", pack=pack.words, period=label.period)
    return worded(
        "%(pack)s (%(route)s), %(period)s", pack=pack.words, route=route.words, period=label.period
    )


def _decimals(label: IndustryLabel) -> int:
    return decimals_of(total_width((cell.ratio, cell.grid) for cell in label.headline))


def _lead(label: IndustryLabel, pack: Pack, route: Route) -> Words:
    """One sentence that answers the first question with numbers, as far as the gate lets it."""
    typical = label.typical.value
    if label.composite.value is None or typical is None:
        return worded(
            "No value of the whole route can be shown for this version. The steps that can be "
            "shown are below."
        )
    decimals, reached = _decimals(label), label.best_reached.value
    values: dict[str, Value] = {
        "amount": amount(label.composite.unit, route.product_words),
        "unit": label.composite.unit.split("/")[0],
        "value": figure(label.composite.value if reached is None else reached, decimals),
        "typical": figure(typical, decimals),
    }
    best = (
        Phrase(
            "Combined, the best values of the steps make %(amount)s with %(value)s %(unit)s; a "
            "typical plant uses %(typical)s.",
            **values,
        )
        if reached is None
        else Phrase(
            "The best plants really make %(amount)s with %(value)s %(unit)s; a typical plant uses "
            "%(typical)s.",
            **values,
        )
    )
    rungs = [
        (cell.ratio * (cell.typical - cell.best), cell.step)
        for cell in label.headline
        if cell.typical is not None and cell.best is not None
    ]
    total = sum(rung for rung, _ in rungs)
    widest, where = max(rungs)
    if not 0 < widest <= total:
        return Words.of(best)
    step = Phrase(
        "One step, %(step)s, accounts for %(share)s %% of the difference between the typical "
        "value and the best values of the steps.",
        share=f"{100 * widest / total:.0f}",
        step=pack.step(where).words,
    )
    return Words.of(sentences([best, step]))


def _rule(label: IndustryLabel, pack: Pack) -> Words:
    """Which rule, for how many firms, and that step bests need not be attainable together."""
    used: dict[str, list[int]] = {}
    for cell in label.headline:
        if cell.rule is not None:
            used.setdefault(cell.rule, []).append(cell.firms)
    phrases: list[Value] = [
        Phrase(
            "%(rule)s (here %(firms)s firms).",
            rule=rule.words.without_stop,
            firms=between(min(used[rule.rule]), max(used[rule.rule])),
        )
        for rule in pack.composition
        if rule.rule in used
    ] or [Phrase("No rule: too few firms at every step.")]
    phrases += [
        Phrase(
            "One site of each firm is chosen by its number of runs, not by its value. No firm has "
            "a weight above %(share)s %%.",
            share=f"{100 * float(pack.disclosure.largest_weight):g}",
        ),
        Phrase(
            "The firms are not the same at each step, so the best values of the steps may not be "
            "attainable together."
        ),
        _reached(label.best_reached, _decimals(label)),
        *_averaged(label),
    ]
    return Words.of(sentences(phrases))


def _averaged(label: IndustryLabel) -> Iterator[Phrase]:
    """What stands at a rank; nothing where nothing is shown."""
    if any(cell.best is not None for cell in label.headline):
        yield Phrase(
            "No figure comes from one firm alone. The typical value and each point of a curve are "
            "the mean of the five firms around "
            "that rank, or, at either end, of the outermost five."
        )


def _reached(total: RouteTotal, decimals: int) -> Phrase:
    if total.value is None:
        return Phrase("What plants really reached over the whole route cannot be shown.")
    return Phrase(
        "The best whole route that plants really reached is shown beside it: %(value)s %(unit)s "
        "(%(firms)s).",
        value=figure(total.value, decimals),
        unit=total.unit,
        firms=firms(total.firms),
    )


def _intervals(label: IndustryLabel) -> Words:
    """What an interval holds, and what it does not."""
    if label.composite.interval is None:
        holds = Phrase(
            "Each value is shown with the interval that contains the true one in 95 of 100 cases, "
            "even if the report of one firm is false."
        )
    else:
        lo, hi = (figure(end, _decimals(label)) for end in label.composite.interval)
        holds = Phrase(
            "The true value of the whole route is between %(lower)s and %(upper)s %(unit)s in 95 "
            "of 100 cases, even if the report of one firm is false. The interval beside each step "
            "has the same meaning.",
            lower=lo,
            upper=hi,
            unit=label.composite.unit,
        )
    covers_not = Phrase(
        "It does not cover what firms that did not report would change, false reports of several "
        "firms, or good luck: firms that are best in one period are partly those that were lucky "
        "in it."
    )
    return Words.of(sentences([holds, covers_not]))


_HIDDEN = {
    "record": worded("in any one run"),
    "day": worded("on any one day, however many runs it had"),
}
"""What the noise hides, by the policy's unit of privacy."""


def _noise(pack: Pack) -> Words:
    best, typical = float(pack.policy.epsilon_best), float(pack.policy.epsilon_typical)
    hidden = _HIDDEN[pack.policy.unit]
    return worded(
        "Each plant's agent adds random noise to its value, so nobody can find out what happened "
        "%(hidden)s. Every 95 %% interval"
        " includes this noise. Privacy budget for each metric of a step and period: epsilon "
        "%(best)s for the best, %(typical)s for the"
        " typical value. A plant whose expected error is above %(value)s %% is not included.",
        hidden=hidden,
        best=f"{best:g}",
        typical=f"{typical:g}",
        value=f"{100 * float(pack.policy.largest_expected_error):g}",
    )


def _method(label: IndustryLabel, pack: Pack, version: str) -> Words:
    return worded(
        "Version %(version)s. Method pack %(pack_id)s %(pack_version)s, SHA-256 %(pack_digest)s. "
        "A step's best is a low quantile of "
        "valid runs at reference conditions, never a single minimum.",
        version=version,
        pack_id=pack.id,
        pack_version=pack.version,
        pack_digest=label.pack_digest,
    )


def _sources(pack: Pack, route: Route) -> Words:
    """Sources of ratios, grids and limits; an unverified one is marked so and gives no
    benchmark.
    """
    declared = [route_step.source for route_step in route.steps]
    for step in en16231.route_steps(pack, route):
        declared += [condition.source for condition in step.reference_conditions]
        declared += [limit.source for limit in step.limits]
    established = dict.fromkeys(source.text for source in declared if en16231.shown(source))
    assumed = sum(not en16231.shown(source) for source in declared)
    texts = "; ".join(established) or "-"
    return worded(
        "Values: participants' released labels. Method: %(texts)s. Figures of the method that are "
        "based on unverified sources or "
        "assumptions: %(assumed)s; none is shown as a benchmark.",
        texts=texts,
        assumed=assumed,
    )
