"""The annual account of a route: all energy of its steps in a year, per unit of its product,
against limits set for several steps.

    all energy = energy of the steps and their auxiliaries, in and outside batches + declared losses
                 + shared meters while no batch ran + losses of conversions + what crossed the site
                 boundary and is in no use (beyond the meters' uncertainty; never negative)
    value      = all energy / good product of the last step

A step's energy is its meters' over the year, else its batches', excluded ones too. Energy given
back counts where the pack credits it; credited electricity lowers `total` alone. Of an earlier step
counts the part that went into the product. Where something is missing (data of a step, stock, an
intermediate bought in, an open balance) there is no value but the list of it. Factors are those of
the middle of the period.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import fsum, hypot

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels.columns import EnergyKind, counted_by, counts, factor_of
from benchmarks.labels.coverage import coverage
from benchmarks.labels.limit_test import doubtful, graded, is_whole_year, named, untested, untold
from benchmarks.labels.outside import LARGEST_SHARE, outside_energy
from benchmarks.labels.validity import ONE_WEIGHING, ExclusionReason
from benchmarks.measurements import Direction, Metric
from benchmarks.phrases import Phrase, enumerated, in_number, significant
from benchmarks.quantities import ratio
from benchmarks.standard_limits import StandardLimit
from reporting_agent.analysis.account.made_and_needed import (
    SERVES,
    lost_in_conversions,
    of_line,
    shares,
)
from reporting_agent.analysis.account.types import (
    AccountLine,
    Draft,
    Kind,
    RouteAccount,
    named_carrier,
)
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.declared import stops
from reporting_agent.pipeline.provisos import stated
from reporting_agent.pipeline.site_balance import SiteBalance
from reporting_agent.pipeline.site_flows import Raw, amount, declared_share, of_steps
from reporting_agent.pipeline.sitewide import middle

FUELS = frozenset({"gas", "solid", "liquid"})
_USERS = SERVES | {"others", "taken"}
_NOTHING = 1e-9  # of what was supplied: the rounding of sums


def beside(
    draft: Draft,
    balance: SiteBalance | None,
    carriers: Collection[str],
    shares: Mapping[str, float],
) -> Iterator[AccountLine]:
    """What no step's meter counts, divided by use; and whether each carrier balances at the
    fence.
    """
    if balance is None:
        sentence = Phrase(
            "Nothing compares the account with what crossed the site's boundary: declare "
            "[site_boundary] in site.toml."
        )
        draft.lacks("site-boundary-missing", "", sentence)
        return
    balances = {entry.carrier: entry for entry in balance.carriers}
    for carrier in carriers:
        carrier_balance = balances.get(carrier)
        if carrier_balance is None or not carrier_balance.closes:
            sentence = Phrase(
                "%(carrier)s does not balance at the site's boundary, or the meters cannot show "
                "it.",
                carrier=named_carrier(carrier),
            )
            draft.lacks("site-balance-open", carrier, sentence)
            continue
        users = [
            line
            for line in carrier_balance.use
            if line.amount > 0 and line.kind in _USERS and line.name != "shared"
        ]
        of_route = fsum(
            shares[line.name] * line.amount
            for line in users
            if line.kind in SERVES and line.name in shares
        )
        part = of_route / (fsum(line.amount for line in users) or 1.0)
        for line in carrier_balance.use:
            if line.amount > 0 and (line.kind == "losses" or line.name == "shared"):
                yield AccountLine(
                    "losses" if line.kind == "losses" else "shared",
                    carrier,
                    part * of_line(draft, line),
                    part,
                )
        if (
            carrier_balance.residual > _NOTHING * carrier_balance.supplied
        ):  # came over the fence, and nobody says where it went
            largest = max(
                (*carrier_balance.supply, *carrier_balance.use), key=lambda line: abs(line.amount)
            )
            energy = carrier_balance.residual / largest.amount * of_line(draft, largest)
            yield AccountLine("residual", carrier, part * energy, part)
    yield from lost_in_conversions(draft, balance, carriers, shares)


def no_production(draft: Draft, balance: SiteBalance | None, of_route: float) -> None:
    """What the site calls no production leaves every label and account: small beside the route,
    never a fuel, and always shown.
    """
    declared = draft.site.site_boundary.others if draft.site.site_boundary and balance else ()
    by_carrier = {entry.carrier: entry for entry in balance.carriers} if balance else {}
    said_of = {
        other.carrier: other.reason
        for other in declared
        if counts(other.carrier, draft.metric) and other.carrier in by_carrier
    }
    for carrier in (carrier for carrier in said_of if CARRIERS[carrier].form in FUELS):
        sentence = Phrase(
            "%(carrier)s is declared as not for production, which a fuel never is. Assign it to a "
            "step or to auxiliaries.",
            carrier=named_carrier(carrier),
        )
        draft.lacks("others-fuel", carrier, sentence)
    lines = [
        (carrier_id, line)
        for carrier_id in said_of
        for line in by_carrier[carrier_id].use
        if line.kind == "others" and line.name != "shared"
    ]
    energy = fsum(abs(of_line(draft, line)) for carrier_id, line in lines)
    if energy <= 0:
        return
    share = energy / (energy + max(of_route, 0.0))
    shown = {
        "share": significant(100 * share, 2),
        "reasons": "; ".join(dict.fromkeys(said_of.values())),
    }
    if share > LARGEST_SHARE:
        sentence = Phrase(
            "%(share)s %% of the energy is declared as not for production (%(reasons)s), but at "
            "most 0.5 %% may be. Declare the rest "
            "under auxiliaries of [site_boundary].",
            **shown,
        )
        draft.lacks("others-too-much", "", sentence)
    else:
        draft.provisos.append(
            Words.of(
                Phrase(
                    "%(share)s %% of the energy is declared as not for production: %(reasons)s.",
                    **shown,
                )
            )
        )


def auxiliaries_elsewhere(draft: Draft, balance: SiteBalance | None, of_route: float) -> None:
    """Auxiliaries of steps outside the account: of one that ran nothing they serve nobody, and what
    the others take is shown beside the grade."""
    lines = [
        (entry.carrier, line)
        for entry in (balance.carriers if balance else ())
        for line in entry.use
        if line.kind == "auxiliary" and line.amount > 0 and counts(entry.carrier, draft.metric)
    ]
    for step_id in sorted({line.name for _, line in lines} - draft.columns.keys()):
        sentence = Phrase(
            (
                "An auxiliary is declared to serve %(step)s, but no batch of that step ran in "
                "this period. Assign it to the step that it "
                "served."
            ),
            step=draft.named(step_id),
        )
        draft.lacks("auxiliary-of-no-step", step_id, sentence)
    outside = [
        (carrier, line)
        for carrier, line in lines
        if line.name in draft.columns.keys() - {*draft.covered, *draft.recovery}
    ]
    energy = fsum(of_line(draft, line) for _, line in outside)
    if energy <= 0:
        return
    whole = energy + max(of_route, 0.0)
    steps = enumerated(
        draft.named(step_id) for step_id in dict.fromkeys(line.name for _, line in outside)
    )
    sentence = Phrase(
        (
            "Auxiliaries that are declared to serve steps outside this account used %(share)s %% "
            "of their own and the account's energy "
            "together: %(steps)s."
        ),
        share=significant(100 * energy / whole, 2),
        steps=steps,
    )
    draft.provisos.append(Words.of(sentence))


def route_accounts(
    site: SiteSettings,
    result: LabelResult,
    balance: SiteBalance | None,
    *,
    in_question: bool = False,
) -> tuple[RouteAccount, ...]:
    """An account for every set of steps that the pack's limits span, in each metric, of which this
    site ran a step in the period.
    """
    period = result.site_label.period
    columns = {
        label.step: label.made_from.columns
        for label in result.site_label.steps
        if label.made_from is not None and label.made_from.columns.begun_in(period).any()
    }
    limits = [
        limit
        for step in result.data.pack.steps
        for limit in step.limits
        if columns.keys() & set(limit.steps_covered)
    ]
    if not limits:
        return ()
    whole = result.sitewide(site)
    raw = tuple(of_steps(whole, declared_share(site)))
    ran: dict[tuple[tuple[str, ...], tuple[str, ...], Metric, str], list[StandardLimit]] = {}
    for limit in limits:
        recovery = {step_id: None for step_id in limit.recovered_by if step_id in columns}
        if (
            limit.metric is Metric.THERMAL
        ):  # what is burnt to recover a route's heat is fuel of the route
            beside = (
                step_id
                for other in limits
                if other.steps_covered == limit.steps_covered
                for step_id in other.recovered_by
            )
            recovery |= {
                step_id: None
                for step_id in beside
                if step_id in columns and _burns(step_id, raw, site)
            }
        if len(limit.steps_covered) + len(recovery) > 1:
            ran.setdefault(
                (limit.steps_covered, tuple(recovery), limit.metric, limit.unit), []
            ).append(limit)
    return tuple(
        _Account(Draft(site, result, columns, *key), balance, raw, in_question).closed(limits)
        for key, limits in ran.items()
    )


def _burns(step_id: str, raw: Sequence[tuple[str, Raw]], site: SiteSettings) -> bool:
    """Whether fuel was booked at this step or its auxiliaries."""
    booked = [
        carrier
        for carrier, entry in raw
        if entry.kind == "step" and entry.name == step_id and entry.quantity > 0
    ]
    booked += [
        flow.carrier
        for flow in (site.site_boundary.auxiliaries if site.site_boundary else ())
        if flow.step == step_id
    ]
    return any(CARRIERS[carrier].form in FUELS for carrier in booked)


@dataclass(slots=True)
class _Account:
    """One account while it is drawn up."""

    draft: Draft
    balance: SiteBalance | None
    raw: Sequence[tuple[str, Raw]]
    in_question: bool  # a change in the data is not explained
    squares: list[float] = field(default_factory=list)  # expanded uncertainties, in the energy unit

    def closed(self, limits: Sequence[StandardLimit]) -> RouteAccount:
        """The account with its limits."""
        draft = self.draft
        self._period_and_data()
        step_shares, output = shares(draft), draft.output_of(draft.covered[-1])
        parts = tuple(self._parts(step_shares))
        if output <= 0:
            draft.lacks(
                "product-missing",
                "",
                Phrase("The log contains no good product of the route's last step."),
            )
        for step_id in (*draft.recovery, *draft.covered):
            own = [label for label in draft.result.site_label.steps if label.step == step_id]
            beside = next(
                (label.provisos for label in own if label.metric is draft.metric),
                own[0].provisos if own else (),
            )
            draft.provisos += (
                Words.of(Phrase("%(step)s: %(said)s", step=draft.step(step_id).words, said=why))
                for why in beside
            )
        of_route = fsum(part.energy for part in parts)
        no_production(draft, self.balance, of_route)
        auxiliaries_elsewhere(draft, self.balance, of_route)
        whole = not draft.missing
        value = fsum(part.energy for part in parts) / output if whole else None
        uncertainty = hypot(*self.squares) / output if whole else None
        last_day = (draft.result.site_label.period.end - timedelta(microseconds=1)).date()
        means = self._means()
        variables = {**draft.site.static, **means}
        doubts: dict[str, str] = {}
        for step_id in draft.covered:
            doubts |= doubtful(draft.step(step_id), draft.good(step_id), draft.site.static)
        tested = tuple(
            untested(limit, "account-incomplete", next(iter(draft.missing.values())))
            if value is None
            else untold(limit, doubts)
            or graded(
                limit,
                value,
                {**variables, **named(limit, self._variant(), draft.step(draft.covered[-1]))},
                last_day,
            )
            for limit in limits
        )
        if value is not None:
            last = draft.step(draft.covered[-1])
            draft.provisos += stated.rests_on(
                value,
                tested,
                limits,
                draft.site.static,
                means,
                lambda limit: named(limit, self._variant(), last),
                last_day,
            )
        missing = tuple((code, why) for (code, _), why in draft.missing.items())
        steps = (*draft.recovery, *draft.covered)
        return RouteAccount(
            steps,
            draft.metric,
            draft.unit,
            parts,
            output,
            value,
            uncertainty,
            missing,
            tested,
            tuple(limits),
            tuple(draft.provisos),
        )

    def _period_and_data(self) -> None:
        """A whole year whose changes are explained, batches of every step all through it, and every
        carrier that a step must report.
        """
        draft = self.draft
        period = draft.result.site_label.period
        if self.in_question:
            draft.lacks("change-unanswered", "", Phrase("A change in the data is not explained."))
        if not is_whole_year(period):
            draft.lacks(
                "period-not-a-year",
                "",
                Phrase("Limits are annual, but this period is not twelve months."),
            )
        standing = stops(draft.site, period)
        for step_id in (*draft.recovery, *draft.covered):
            if step_id not in draft.columns:
                draft.lacks(
                    "step-without-data",
                    step_id,
                    Phrase(
                        "No batch of the step %(step)s is in the log.", step=draft.named(step_id)
                    ),
                )
                continue
            columns = draft.columns[step_id]
            if any(
                batch.excluded == ExclusionReason.HEATING_VALUE_TWO_SIDED
                for batch in draft.batches(step_id)
            ):
                sentence = Phrase(
                    "%(step)s: a carrier has two heating values on one day.",
                    step=draft.named(step_id),
                )
                draft.lacks("heating-value-two-sided", step_id, sentence)
            if unknown := sum(
                batch.excluded == "energy-partly-unknown" for batch in draft.batches(step_id)
            ):
                sentence = Phrase(
                    "%(step)s: batches of which an energy is not known: %(lacking)s.",
                    step=draft.named(step_id),
                    lacking=unknown,
                )
                draft.lacks("energy-missing", step_id, sentence)
            if rows := draft.result.data.unread.get(step_id):
                sentence = Phrase(
                    "%(step)s: batches that cannot be read: %(rows)s.",
                    step=draft.named(step_id),
                    rows=rows,
                )
                draft.lacks("rows-unreadable", step_id, sentence)
            self._credited(step_id)
            covered = coverage(columns, columns.begun_in(period), period, standing.get(step_id, ()))
            if not covered.is_whole:
                first, last = (f"{moment:%Y-%m-%d}" for moment in covered.silent_days)
                sentence = Phrase(
                    "%(step)s: no batch from %(first)s to %(last)s.",
                    step=draft.named(step_id),
                    first=first,
                    last=last,
                )
                draft.lacks("period-not-covered", step_id, sentence)
            self._reported(step_id)
            self._driven_by_it_alone(step_id)

    def _driven_by_it_alone(self, step_id: str) -> None:
        """Where the metric says all that the step takes (`alone`), nothing else drove it in the
        year.
        """
        draft = self.draft
        rule, columns = draft.step(step_id).metric(draft.metric), draft.columns[step_id]
        if rule is None or not rule.alone:
            return
        pack, rows = draft.result.data.pack, columns.begun_in(draft.result.site_label.period)
        outside = outside_energy(columns, rule, packs.factors(pack), Basis(pack.standard_basis))
        if not fsum(outside.by_carrier[rows].flat) <= LARGEST_SHARE * fsum(outside.taken_in[rows]):
            sentence = Phrase(
                "%(step)s used more than 0.5 %% of energy that the metric does not count.",
                step=draft.named(step_id),
            )
            draft.lacks("energy-outside-metric", step_id, sentence)

    def _credited(self, step_id: str) -> None:
        """What left as the product is no more than was made of it."""
        draft = self.draft
        step = draft.step(step_id)
        back = [
            entry
            for carrier, entry in self.raw
            if (carrier, entry.name) == (step.product_carrier, step_id) and entry.quantity < 0
        ]
        try:
            credited = -fsum(entry.quantity * ratio(entry.unit, step.output_unit) for entry in back)
        except InputError:
            credited = float("inf")
        if credited > (1 + ONE_WEIGHING) * draft.output_of(step_id):
            sentence = Phrase(
                "%(step)s: more was credited as product than was made.", step=draft.named(step_id)
            )
            draft.lacks("credit-not-product", step_id, sentence)

    def _reported(self, step_id: str) -> None:
        draft = self.draft
        step, setting = draft.step(step_id), draft.site.steps.get(step_id)
        required = [
            carrier
            for carrier in step.boundary.asked
            if setting is None or carrier not in setting.unreported
        ]
        for carrier in (carrier for carrier in required if counts(carrier, draft.metric)):
            sources = {
                entry.source
                for of, entry in self.raw
                if of == carrier and entry.kind == "step" and entry.name == step_id
            }
            lacking = 0
            if sources == {"batches"}:
                lacking = sum(
                    all(energy.carrier != carrier for energy in batch.energy)
                    for batch in draft.batches(step_id)
                )
            lacking = lacking if sources else len(draft.batches(step_id))
            if not sources or lacking:
                sentence = in_number(
                    lacking,
                    "%(step)s: %(carrier)s of %(lacking)s batch is not known.",
                    "%(step)s: %(carrier)s of %(lacking)s batches is not known.",
                    step=draft.named(step_id),
                    carrier=named_carrier(carrier),
                    lacking=lacking,
                )
                draft.lacks("energy-missing", f"{step_id} {carrier}", sentence)

    def _parts(self, shares: Mapping[str, float]) -> Iterator[AccountLine]:
        draft = self.draft
        energies: dict[tuple[Kind, str], float] = {}
        carriers: dict[str, None] = {}
        for carrier, kind, entry in self._all(shares):
            credited = carrier in draft.step(entry.name).boundary.credited and (
                draft.metric is Metric.TOTAL or CARRIERS[carrier].form != "electricity"
            )
            if not self._adds_up(carrier, entry.name) or (entry.quantity < 0 and not credited):
                continue
            if (
                draft.metric is Metric.THERMAL
                and entry.name in draft.recovery
                and CARRIERS[carrier].form not in FUELS
            ):
                continue  # the heat that it recovers was burnt in the route
            factor, share = self._factor(carrier, entry), shares[entry.name]
            energies[kind, entry.name] = (
                energies.get((kind, entry.name), 0.0) + share * factor * entry.quantity
            )
            self.squares.append(share * factor * entry.uncertainty)
            carriers[carrier] = None
        for (kind, name), energy in energies.items():
            yield AccountLine(kind, name, energy, shares[name])
        yield from beside(draft, self.balance, carriers, shares)

    def _all(self, shares: Mapping[str, float]) -> Iterator[tuple[str, Kind, Raw]]:
        """What steps and their auxiliaries used."""
        draft = self.draft
        for carrier, entry in self.raw:
            if entry.kind == "step" and entry.name in shares:
                yield carrier, "step", entry
        records = {record.meter.id: record for record in draft.result.data.meters}
        for flow in draft.site.site_boundary.auxiliaries if draft.site.site_boundary else ():
            if flow.step not in shares:
                continue
            flow_amount = amount(
                draft.site,
                flow,
                records,
                draft.result.site_label.period,
                declared_share(draft.site),
                [],
            )
            if flow_amount is None:
                sentence = Phrase(
                    "An auxiliary of %(step)s has no amount for this period.",
                    step=draft.named(flow.step),
                )
                draft.lacks("auxiliary-unknown", flow.step, sentence)
            else:
                quantity, unit, source, uncertainty = flow_amount
                yield (
                    flow.carrier,
                    "auxiliary",
                    Raw("auxiliary", flow.step, quantity, unit, source, uncertainty, flow.lhv),
                )

    def _adds_up(self, carrier: str, step_id: str) -> bool:
        rule = self.draft.step(step_id).metric(self.draft.metric)
        return counts(carrier, self.draft.metric) if rule is None else counted_by(rule, carrier)

    def _factor(self, carrier: str, entry: Raw) -> float:
        """Energy of one unit, in the account's energy unit; 0 where it is not known, which is
        told.
        """
        draft = self.draft
        kind = EnergyKind(
            carrier, entry.unit, Direction.IMPORT, entry.lhv, middle(draft.result.site_label.period)
        )
        measured = draft.step(entry.name).boundary.measured
        pack = draft.result.data.pack
        try:
            factor = factor_of(
                kind,
                draft.unit.partition("/")[0],
                packs.factors(pack),
                Basis(pack.standard_basis),
                measured,
            )
        except InputError:
            factor = float("nan")
        if factor != factor:
            sentence = Phrase(
                "%(step)s: %(carrier)s has no heating value or factor.",
                step=draft.named(entry.name),
                carrier=named_carrier(carrier),
            )
            draft.lacks("factor-missing", f"{entry.name} {carrier}", sentence)
            return 0.0
        return factor

    def _means(self) -> dict[str, float]:
        """Output-weighted means of the variables that every good batch of the last step recorded:
        what corrects the limits.
        """
        draft = self.draft
        good = draft.good(draft.covered[-1])
        whole = fsum(batch.output for batch in good)
        names = (
            set(good[0].variables).intersection(*(batch.variables for batch in good))
            if good
            else set()
        )
        return {
            name: fsum(batch.variables[name] * batch.output for batch in good) / whole
            for name in sorted(names)
        }

    def _variant(self) -> str:
        """The variant of the last step's product; empty where it made several."""
        draft, last = self.draft, self.draft.covered[-1]
        root = draft.step(last).only_root
        variants = {batch.variant or root for batch in draft.good(last)}
        return variants.pop() if len(variants) == 1 else ""
