"""The items that EN 16231, clause 4.1, asks every benchmarking process to state, one function an
item.

Every figure comes from the gated label or from the pack; nothing here can see a participant. What
is not known is said (how many samples were opened, number of obliged firms not declared), never
left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from benchmarks.composition.result import IndustryLabel
from benchmarks.declared import FigureSource, Words, worded
from benchmarks.explanation.facts import Participation, StepAttested, Verification
from benchmarks.explanation.wording import between, cell_name, findings, firms, sites
from benchmarks.phrases import (
    Phrase,
    Value,
    alternatives,
    clauses,
    enumerated,
    in_context,
    listed,
    sentences,
)
from benchmarks.routes import Pack, ReferenceCondition, Route, Step

RUN_KINDS = {
    "heat": Words.of(in_context("run", "heat")),
    "coil": worded("coil"),
    "melt": worded("melt"),
    "day": worded("day"),
    "shift": worded("shift"),
    "month": worded("month"),
    "campaign": worded("campaign"),
    "pot-month": worded("pot-month"),
}


VARIABLES = {
    "moisture_pct": worded("moisture of the coal charge"),
    "rare_earth_pct": worded("rare-earth ore in the charge"),
    "vti_pct": worded("vanadium-titanium ore in the charge"),
    "laterite_pct": worded("laterite ore in the charge"),
    "feed_fe_pct": worded("iron content of the charge"),
    "scrap_pct": worded("scrap in the charge"),
    "hot_metal_pct": worded("hot metal in the charge"),
    "blaine_m2_kg": worded("fineness (Blaine)"),
}
"""Relevant variables by their names in batch files (`var.NAME`); one that is not here stands by
that name.
"""

UNITS = {"m2/kg": "m²/kg"}


def route_steps(pack: Pack, route: Route) -> list[Step]:
    return [pack.step(route_step.step) for route_step in route.steps]


def deliverables(label: IndustryLabel) -> Words:
    shown = sum(cell.best is not None for cell in label.cells)
    return worded(
        "For each step of the route, the best value that firms really reached and the typical "
        "value, each with a 95 %% interval "
        "(%(shown)s of %(steps)s values shown); the best values of the steps combined into one "
        "value for the route; the best whole "
        "route really reached.",
        shown=shown,
        steps=len(label.cells),
    )


def objective() -> Words:
    return worded(
        "To let each plant see at which steps it uses more energy than the best plants really "
        "used, and how certain that is."
    )


def entities_and_boundaries(pack: Pack, route: Route) -> Words:
    steps = _lines(
        worded("%(step)s: %(boundary)s", step=step.words, boundary=step.boundary.words)
        for step in route_steps(pack, route)
    )
    return worded(
        "Sites that make %(product)s by the route “%(route)s”, step by step within these "
        "boundaries:\n%(steps)s\nValues with another boundary are never compared.",
        product=route.product_words,
        route=route.words,
        steps=steps,
    )


def _lines(texts: Iterable[Words]) -> Words:
    """One text a line, each ending in one full stop."""
    ended: Iterator[Value] = (Phrase("%(line)s.", line=text.without_stop) for text in texts)
    return Words.of(
        reduce(lambda above, line: Phrase("%(above)s\n%(line)s", above=above, line=line), ended)
    )


def target_group() -> Words:
    return worded("Producers, regulators, certification bodies and the public.")


def sample(label: IndustryLabel, pack: Pack, route: Route, facts: Participation) -> Words:
    kinds = list(dict.fromkeys(step.run_kind for step in route_steps(pack, route)))
    counts = [cell.firms for cell in label.headline]
    values: dict[str, Value] = {
        "firms": firms(facts.firms_reporting),
        "sites": sites(facts.sites_reporting),
        "period": label.period,
        "entering": between(min(counts), max(counts)),
        "runs": alternatives(RUN_KINDS[kind] for kind in kinds),
        "fewest": pack.policy.fewest_batches,
    }
    if facts.firms_obliged is None:
        who = Phrase(
            "%(firms)s (the number of firms obliged to report is not declared), %(sites)s, period "
            "%(period)s. At each step "
            "%(entering)s firms are included. One run is one %(runs)s; at least %(fewest)s runs "
            "for each site and step.",
            **values,
        )
    else:
        who = _who_reports(facts.firms_obliged, facts, pack.disclosure.fewest_firms, values)
    return Words.of(sentences([who, *_pooled(label, pack), *_in_part(label, pack)]))


def _who_reports(
    obliged: int, facts: Participation, fewest: int, values: dict[str, Value]
) -> Phrase:
    """Obliged firms apart from those that no list obliges, which are counted where at least the
    gate's fewest stand on either side.
    """
    volunteers = facts.firms_volunteering
    reporting = facts.firms_reporting - volunteers
    if not volunteers:
        return Phrase(
            "%(firms)s of %(obliged)s obliged to report, %(sites)s, period %(period)s. At each "
            "step %(entering)s firms are included. "
            "One run is one %(runs)s; at least %(fewest)s runs for each site and step.",
            obliged=obliged,
            **values,
        )
    if any(0 < counted < fewest for counted in (volunteers, reporting)):
        return Phrase(
            "%(firms)s, some of them by their own will (obliged to report: %(obliged)s), "
            "%(sites)s, period %(period)s. At each step "
            "%(entering)s firms are included. One run is one %(runs)s; at least %(fewest)s runs "
            "for each site and step.",
            obliged=obliged,
            **values,
        )
    return Phrase(
        "%(firms)s (%(reporting)s of %(obliged)s obliged to report, %(volunteers)s by their own "
        "will), %(sites)s, period %(period)s. At "
        "each step %(entering)s firms are included. One run is one %(runs)s; at least %(fewest)s "
        "runs for each site and step.",
        reporting=reporting,
        obliged=obliged,
        volunteers=volunteers,
        **values,
    )


def _pooled(label: IndustryLabel, pack: Pack) -> Iterator[Phrase]:
    """Where firms with few runs report several years as one: how many, and that the series breaks
    there. No firm is named.
    """
    for cell in label.headline:
        for years, several in cell.pooled if cell.best is not None else ():
            yield Phrase(
                "At %(step)s the values of %(several)s of %(firms)s firms cover %(years)s years "
                "up to %(period)s, because there were "
                "too few runs. This breaks the series: do not compare it year by year.",
                step=pack.step(cell.step).words,
                several=several,
                firms=cell.firms,
                years=years,
                period=label.period,
            )


def _in_part(label: IndustryLabel, pack: Pack) -> Iterator[Phrase]:
    """Where values lack months of the period, in which fewer than five valid runs began: of how
    many firms. No firm is named.
    """
    for cell in label.headline:
        if cell.in_part and cell.best is not None:
            yield Phrase(
                "At %(step)s the values of %(in_part)s of %(firms)s firms cover only part of "
                "their period: in some months fewer than "
                "five valid runs began.",
                step=pack.step(cell.step).words,
                in_part=cell.in_part,
                firms=cell.firms,
            )


def participants_and_coordinator(facts: Participation) -> Words:
    bodies = facts.verification.bodies
    return worded(
        "Firms report through their own agent, which measures, protects and signs on site. "
        "Coordinator: %(coordinator)s. One person "
        "drafts, and a second person approves publication. Certification bodies that check "
        "samples: %(bodies)s.",
        coordinator=facts.coordinator,
        bodies=bodies,
    )


def comparable_conditions(pack: Pack, route: Route) -> Words:
    conditions = [
        _conditions(step) for step in route_steps(pack, route) if step.reference_conditions
    ]
    brought = _lines(conditions) if conditions else worded("No variable is corrected.")
    phrases = [
        Phrase(
            "Same product, variant, boundary, unit and calculation on the calorific basis. Each "
            "run is brought to reference "
            "conditions before the quantile is taken:\n%(brought)s\nSteps are combined with the "
            "pack's reference ratios, never with "
            "a plant's own.",
            brought=brought,
        )
    ]
    if not all(shown(route_step.source) for route_step in route.steps):
        phrases.append(Phrase("They are engineering assumptions of the pack."))
    return Words.of(sentences(phrases))


def _conditions(step: Step) -> Words:
    """Everything that one step's runs are brought to, each variable once."""
    by_variable: dict[str, list[ReferenceCondition]] = {}
    for condition in step.reference_conditions:
        by_variable.setdefault(condition.variable, []).append(condition)
    parts = clauses(_condition(conditions) for conditions in by_variable.values())
    return worded("%(step)s: %(parts)s", step=step.words, parts=parts)


def _condition(conditions: Sequence[ReferenceCondition]) -> Phrase:
    """One variable's reference; its slopes may differ by metric, and so may their sources."""
    first = conditions[0]
    brought: dict[str, Value] = {
        "variable": VARIABLES.get(first.variable, first.variable),
        "reference": f"{first.reference:g}",
    }
    condition = (
        Phrase("%(variable)s to %(reference)s %%", **brought)
        if first.unit == "%"
        else Phrase(
            "%(variable)s to %(reference)s %(unit)s",
            unit=UNITS.get(first.unit, first.unit),
            **brought,
        )
    )
    assumed = [not shown(part.source) for part in conditions]
    if all(assumed):
        return Phrase("%(condition)s (slope: engineering assumption)", condition=condition)
    return (
        Phrase("%(condition)s (one slope: engineering assumption)", condition=condition)
        if any(assumed)
        else condition
    )


def shown(source: FigureSource) -> bool:
    """Whether a figure of this source may stand as established."""
    return source.verified and source.kind != "engineering-assumption"


def confidentiality_and_access(pack: Pack) -> Words:
    policy = pack.disclosure
    return worded(
        "Noise is added on site before anything is sent, and hides each single run. A plant's "
        "overall level is reported to within "
        "about 1 %%. It is protected by encryption, access rights and the disclosure gate. Cells "
        "of fewer than %(fewest_firms)s "
        "firms are not shown. %(reason)s A firm sees its own rank. The regulator sees protected "
        "values and ranks of its "
        "jurisdiction. A certification body sees what a plant opens to it. The public sees this "
        "page.",
        fewest_firms=policy.fewest_firms,
        reason=policy.reason,
    )


def verification_of_data(verification: Verification, pack: Pack) -> Words:
    """What the agents check, what was opened, and what share of each step's sites is attested.

    A count is told where it points at no firm: where nobody or at least the gate's fewest firms
    stand behind it, and behind the rest.
    """
    agents = _checked_and_opened(verification)
    if not verification.names or verification.valid_until is None:
        return Words.of(agents)
    fewest = pack.disclosure.fewest_firms
    shares = listed(_share(step, pack, fewest) for step in verification.steps)
    bodies, until = enumerated(verification.names), verification.valid_until.isoformat()
    return worded(
        "%(agents)s Attested by %(bodies)s (the first attestation to expire is valid until "
        "%(until)s): %(shares)s.",
        agents=agents,
        bodies=bodies,
        until=until,
        shares=shares,
    )


def _share(step: StepAttested, pack: Pack, fewest: int) -> Words:
    name = pack.step(step.step).words
    if any(0 < firms < fewest for firms in (step.firms, step.other_firms)):
        return worded(
            "%(name)s, no share stated, because fewer than %(fewest)s firms are on one side",
            name=name,
            fewest=fewest,
        )
    return worded("%(name)s, %(sites)s of %(of)s sites", name=name, sites=step.sites, of=step.of)


def _checked_and_opened(verification: Verification) -> Value:
    if verification.sites_opened is None:
        opened = Phrase(
            "How many sites opened a random sample to a certification body is not counted here; "
            "each attestation says what came of its "
            "sample, or that none is on record."
        )
    elif verification.sites_opened:
        opened = Phrase(
            "%(sites)s opened a random sample to a certification body; %(findings)s, "
            "%(corrected)s corrected.",
            sites=sites(verification.sites_opened),
            findings=findings(verification.findings),
            corrected=verification.corrected,
        )
    else:
        opened = Phrase("No sample has been opened to a certification body for this version.")
    checked = Phrase(
        "Each agent checks its inputs by the pack's rules. Every report is signed, and exclusions "
        "are counted."
    )
    return sentences([checked, opened])


def validation_of_results(label: IndustryLabel, pack: Pack) -> Words:
    """How the spread fits, of every cell that is shown, beside the headline too; of one that is
    held back nothing is said.
    """
    judged = [cell for cell in label.cells if cell.best is not None]
    poor = [
        cell_name(pack.step(cell.step), cell.variant, cell.metric)
        for cell in judged
        if cell.good_fit is False
    ]
    if poor:
        fit = Phrase(
            "The assumed normal spread between firms fits poorly, so the interval is less "
            "certain, at these steps: %(poor)s.",
            poor=listed(poor),
        )
    else:
        fit = Phrase(
            "The assumed normal spread between firms was tested at each step shown and not "
            "rejected."
        )
    simulated = Phrase(
        "Intervals come from simulating the noise of every plant and the spread between firms "
        "together, and reach as far as one false report can move a value in a sector with this "
        "spread. A best value is a mean over at least five firms, none with a weight above one "
        "fifth; the very best firms are left out of it. A value that one report would move beyond "
        "its interval is published only if that report has been audited."
    )
    return Words.of(sentences([simulated, fit]))


def content_of_report() -> Words:
    return worded(
        "This page and its CSV and JSON: the same values, checked by the same disclosure gate."
    )
