"""The annual account of a route: all energy of its steps in a year, per unit of its product, against limits set for several steps.

    all energy = energy of the steps, of every batch and outside batches, and of their auxiliaries
                 + declared losses, energy of shared meters while none of their batches ran, and losses of conversions, by use
    value      = all energy / good product of the last step

A step's energy is what its meters counted over the whole year, else what its batches were given: used, excluded and unexplained alike,
start-ups and standing, inside the step's boundary or not. Given back counts only where the pack credits it; credited electricity lowers
`total` alone. Of an earlier step counts the part that went into the product: made - growth of stock - sold, over made, along the route.

Nothing that would loosen the result is assumed. Where something is missing there is no value but the list of what is missing, and no limit
is tested: a year cut short, a step without data, stock not stated, an intermediate bought in (its energy was used elsewhere), carriers
whose balance at the fence is open (`site_balance`). Factors are those of the middle of the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import fsum, hypot

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER_KGCE, Basis
from benchmarks.errors import InputError
from benchmarks.labels.columns import EnergyKind, StepColumns, counts, factor_of
from benchmarks.labels.coverage import coverage
from benchmarks.labels.grading import graded, is_whole_year, named, untested
from benchmarks.measurements import Batch, Direction, Metric, Period, Status
from benchmarks.phrases import Name, Phrase
from benchmarks.routes import Limit, Step, Words
from reporting_agent.analysis.figures import plain
from reporting_agent.analysis.route_account import Kind, Part, RouteAccount
from reporting_agent.analysis.site_balance import Line, SiteBalance, middle
from reporting_agent.analysis.site_flows import Raw, amount, declared_share, of_steps
from reporting_agent.config import Site
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.declared import stops

_SERVES = frozenset({"step", "auxiliary"})
_USERS = _SERVES | {"others", "taken"}
LEAST_OF_NEED = 0.5
"""Of what the reference ratios would take of an intermediate product; less, and some was bought. A convention of ours: cements of little
clinker take half of the reference's."""
_NO_PRODUCT = frozenset({"duplicate", "declared-unusable"})  # records whose output is counted elsewhere, or is not to be used


def route_accounts(site: Site, result: LabelResult, balance: SiteBalance | None, *, in_question: bool = False) -> tuple[RouteAccount, ...]:
    """An account for every set of steps that the pack's limits span, in each metric, of which this site ran a step in the period."""
    period = result.site_label.period
    columns = {
        label.step: label.made_from.columns
        for label in result.site_label.steps
        if label.made_from is not None and label.made_from.columns.begun_in(period).any()
    }
    ran: dict[tuple[tuple[str, ...], tuple[str, ...], Metric, str], list[Limit]] = {}
    for limit in (limit for step in result.data.pack.steps for limit in step.limits if columns.keys() & set(limit.steps_covered)):
        recovery = tuple(step_id for step_id in limit.recovered_by if step_id in columns)
        if len(limit.steps_covered) + len(recovery) > 1:
            ran.setdefault((limit.steps_covered, recovery, limit.metric, limit.unit), []).append(limit)
    if not ran:
        return ()
    records = {record.meter.id: record for record in result.data.meters}
    raw = tuple(of_steps(site, result, records, declared_share(site)))
    return tuple(_Account(site, result, balance, columns, raw, in_question, *key).closed(limits) for key, limits in ran.items())


@dataclass(slots=True)
class _Account:
    """One account while it is drawn up; `missing` fills on the way, each code and name once."""

    site: Site
    result: LabelResult
    balance: SiteBalance | None
    columns: Mapping[str, StepColumns]
    raw: Sequence[tuple[str, Raw]]
    in_question: bool  # a change in the data is not explained
    covered: tuple[str, ...]
    recovery: tuple[str, ...]  # that the site runs beside them
    metric: Metric
    unit: str
    missing: dict[tuple[str, str], Words] = field(default_factory=dict)
    squares: list[float] = field(default_factory=list)  # expanded uncertainties, in the energy unit

    def closed(self, limits: Sequence[Limit]) -> RouteAccount:
        """The account with its limits."""
        self._period_and_data()
        shares, output = self._shares(), self._made(self.covered[-1])
        parts = tuple(self._parts(shares))
        if output <= 0:
            self._lacks("product-missing", "", Phrase("The log holds no good product of the route's last step."))
        whole = not self.missing
        value = fsum(part.energy for part in parts) / output if whole else None
        uncertainty = hypot(*self.squares) / output if whole else None
        last_day = (self.result.site_label.period.end - timedelta(microseconds=1)).date()
        variables = {**self._means(), **self.site.static}
        tested = tuple(
            untested(limit, "account-incomplete", next(iter(self.missing.values())))
            if value is None
            else graded(limit, value, {**variables, **named(limit, self._variant(), self._step(self.covered[-1]))}, last_day)
            for limit in limits
        )
        missing = tuple((code, why) for (code, _), why in self.missing.items())
        steps = (*self.recovery, *self.covered)
        return RouteAccount(steps, self.metric, self.unit, parts, output, value, uncertainty, missing, tested, tuple(limits))

    def _lacks(self, code: str, name: str, why: Phrase) -> None:
        self.missing.setdefault((code, name), Words.of(why))

    def _step(self, step_id: str) -> Step:
        return self.result.data.pack.step(step_id)

    def _named(self, step_id: str) -> Name:
        words = self._step(step_id).words
        return Name(words.en, words.zh)

    def _batches(self, step_id: str) -> list[Batch]:
        columns = self.columns.get(step_id)
        inside = () if columns is None else columns.begun_in(self.result.site_label.period).nonzero()[0].tolist()
        return [columns.batches[row] for row in inside] if columns is not None else []

    def _period_and_data(self) -> None:
        """A whole year whose changes are explained, batches of every step all through it, and every carrier that a step must report."""
        period = self.result.site_label.period
        if self.in_question:
            self._lacks("change-unanswered", "", Phrase("A change in the data is not explained."))
        if not is_whole_year(period):
            self._lacks("period-not-a-year", "", Phrase("Limits are annual; this period is not twelve months."))
        standing = stops(self.site, period)
        for step_id in (*self.recovery, *self.covered):
            if step_id not in self.columns:
                self._lacks("step-without-data", step_id, Phrase("No batch of the step %(step)s is in the log.", step=self._named(step_id)))
                continue
            columns = self.columns[step_id]
            found = coverage(columns, columns.begun_in(period), period, standing.get(step_id, ()))
            if not found.is_whole:
                first, last = (f"{moment:%Y-%m-%d}" for moment in found.silent_days)
                said = Phrase("%(step)s: no batch from %(first)s to %(last)s.", step=self._named(step_id), first=first, last=last)
                self._lacks("period-not-covered", step_id, said)
            self._reported(step_id)

    def _reported(self, step_id: str) -> None:
        step, setting = self._step(step_id), self.site.steps.get(step_id)
        required = [carrier for carrier in step.boundary.carriers if setting is None or carrier not in setting.not_used]
        for carrier in (carrier for carrier in required if counts(carrier, self.metric)):
            sources = {one.source for of, one in self.raw if of == carrier and one.kind == "step" and one.name == step_id}
            lacking = 0
            if sources == {"batches"}:
                lacking = sum(all(energy.carrier != carrier for energy in batch.energy) for batch in self._batches(step_id))
            if not sources or lacking:
                said = Phrase(
                    "%(step)s: %(carrier)s of %(lacking)s batches is not known.",
                    step=self._named(step_id),
                    carrier=_carrier(carrier),
                    lacking=lacking or len(self._batches(step_id)),
                )
                self._lacks("energy-missing", f"{step_id} {carrier}", said)

    def _made(self, step_id: str) -> float:
        """Good product of the year, whatever the label makes of its batches."""
        return fsum(batch.output_t for batch in self._good(step_id))

    def _good(self, step_id: str) -> list[Batch]:
        return [one for one in self._batches(step_id) if one.status is Status.GOOD and one.excluded not in _NO_PRODUCT and one.output_t > 0]

    def _shares(self) -> dict[str, float]:
        """By step, what of its product went into the route's: made - growth of stock - sold over made, along the route."""
        shares, share = {self.covered[-1]: 1.0}, 1.0
        for step_id, following in zip(self.covered[-2::-1], self.covered[:0:-1], strict=True):
            share *= self._taken(step_id, following)
            shares[step_id] = share
        for step_id in self.recovery:  # what is recovered of a product goes where the product goes
            product = self._step(step_id).product
            shares[step_id] = next(shares[covered] for covered in self.covered if self._step(covered).product == product)
        return shares

    def _taken(self, step_id: str, following: str) -> float:
        stored = self._step(step_id).product != self._step(following).product
        for bought in self.site.bought_in:
            if bought.made_by == step_id and bought.into in self.covered:
                said = Phrase(
                    "%(quantity)s %(unit)s of the product of %(step)s were bought in; what they took elsewhere is not known here.",
                    quantity=plain(bought.quantity),
                    unit=self._step(step_id).output_unit,
                    step=self._named(step_id),
                )
                self._lacks("bought-in", step_id, said)
        stocks = [one for one in self.site.product_stocks if one.made_by == step_id and self._of_period(one.period)]
        made = self._made(step_id)
        if stored and not stocks and step_id in self.columns:
            said = Phrase(
                "What lay in store of the product of %(step)s is not stated: give [[product_stocks]] of %(id)s for this period.",
                step=self._named(step_id),
                id=step_id,
            )
            self._lacks("stock-not-stated", step_id, said)
        taken = made - fsum(one.closing - one.opening + one.sold for one in stocks)
        if stocks and (made <= 0 or taken <= 0):
            self._lacks("stock-impossible", step_id, Phrase("%(step)s: stock and sales exceed what was made.", step=self._named(step_id)))
        if made > 0 and taken < LEAST_OF_NEED * (needed := self._needed(step_id, following)):
            said = Phrase(
                "%(taken)s %(unit)s of the product of %(step)s went into what would take some %(needed)s: state what was bought under"
                " [[bought_in]], or what the log lacks.",
                taken=plain(taken),
                unit=self._step(step_id).output_unit,
                step=self._named(step_id),
                needed=plain(needed),
            )
            self._lacks("intermediate-short", step_id, said)
        return taken / made if made > 0 else 1.0

    def _needed(self, step_id: str, following: str) -> float:
        """What the good product of the following step takes of this one's, by the reference ratios of a route that holds both."""
        for route in self.result.data.pack.routes:
            ratios = {place.step: float(place.ratio) for place in route.steps}
            if step_id in ratios and following in ratios:
                return self._made(following) * ratios[step_id] / ratios[following]
        return 0.0

    def _of_period(self, stated: str) -> bool:
        period, other = self.result.site_label.period, Period.parse(stated, self.site.zone)
        return (other.start, other.end) == (period.start, period.end)

    def _parts(self, shares: Mapping[str, float]) -> Iterator[Part]:
        energies: dict[tuple[Kind, str], float] = {}
        carriers: dict[str, None] = {}
        for carrier, kind, one in self._all(shares):
            credited = carrier in self._step(one.name).boundary.credited and (
                self.metric is Metric.TOTAL or CARRIERS[carrier].form != "electricity"
            )
            if not counts(carrier, self.metric) or (one.quantity < 0 and not credited):
                continue
            factor, share = self._factor(carrier, one), shares[one.name]
            energies[kind, one.name] = energies.get((kind, one.name), 0.0) + share * factor * one.quantity
            self.squares.append(share * factor * one.uncertainty)
            carriers[carrier] = None
        for (kind, name), energy in energies.items():
            yield Part(kind, name, energy, shares[name])
        yield from self._beside(carriers, shares)

    def _all(self, shares: Mapping[str, float]) -> Iterator[tuple[str, Kind, Raw]]:
        """What steps and their auxiliaries used."""
        for carrier, one in self.raw:
            if one.kind == "step" and one.name in shares:
                yield carrier, "step", one
        records = {record.meter.id: record for record in self.result.data.meters}
        for flow in self.site.site_boundary.auxiliaries if self.site.site_boundary else ():
            if flow.step not in shares:
                continue
            found = amount(self.site, flow, records, self.result.site_label.period, declared_share(self.site), [])
            if found is None:
                said = Phrase("An auxiliary of %(step)s has no amount for this period.", step=self._named(flow.step))
                self._lacks("auxiliary-unknown", flow.step, said)
            else:
                quantity, unit, source, uncertainty = found
                yield flow.carrier, "auxiliary", Raw("auxiliary", flow.step, quantity, unit, source, uncertainty, flow.lhv)

    def _factor(self, carrier: str, one: Raw) -> float:
        """Energy of one unit, in the account's energy unit; 0 where it is not known, which is told."""
        kind = EnergyKind(carrier, one.unit, Direction.IMPORT, one.lhv, middle(self.result.site_label.period))
        measured = self._step(one.name).boundary.measured
        pack = self.result.data.pack
        try:
            found = factor_of(kind, self.unit.partition("/")[0], packs.factors(pack), Basis(pack.standard_basis), measured)
        except InputError:
            found = float("nan")
        if found != found:
            said = Phrase("%(step)s: %(carrier)s has no heating value or factor.", step=self._named(one.name), carrier=_carrier(carrier))
            self._lacks("factor-missing", f"{one.name} {carrier}", said)
            return 0.0
        return found

    def _beside(self, carriers: Iterable[str], shares: Mapping[str, float]) -> Iterator[Part]:
        """What no step's meter counts, divided by use; and whether each carrier balances at the fence."""
        if self.balance is None:
            said = Phrase("Nothing holds the account against the fence: declare [site_boundary] in site.toml.")
            self._lacks("site-boundary-missing", "", said)
            return
        balances = {one.carrier: one for one in self.balance.carriers}
        of_supply: dict[str, float] = {}
        for carrier in carriers:
            found = balances.get(carrier)
            if found is None or not found.closes:
                said = Phrase("%(carrier)s does not balance at the fence, or the meters do not tell.", carrier=_carrier(carrier))
                self._lacks("site-balance-open", carrier, said)
                continue
            users = [line for line in found.use if line.amount > 0 and line.kind in _USERS and line.name != "shared"]
            of_route = fsum(shares[line.name] * line.amount for line in users if line.kind in _SERVES and line.name in shares)
            part = of_route / (fsum(line.amount for line in users) or 1.0)
            of_supply[carrier] = of_route / found.supplied if found.supplied > 0 else 0.0
            for line in found.use:
                if line.amount > 0 and (line.kind == "losses" or line.name == "shared"):
                    yield Part("losses" if line.kind == "losses" else "shared", carrier, part * self._of_line(carrier, line), part)
        if self.metric is Metric.TOTAL:
            yield from self._conversions(self.balance, of_supply)

    def _conversions(self, balance: SiteBalance, of_supply: Mapping[str, float]) -> Iterator[Part]:
        """The loss of each conversion, by how much of what it gives the route takes."""
        for name, loss in balance.calorific.by_conversion.items():
            lines = ((one.carrier, line) for one in balance.carriers for line in one.supply)
            given = {carrier: line.kgce_calorific or 0.0 for carrier, line in lines if line.kind == "given" and line.name == name}
            whole = fsum(given.values())
            part = fsum(kgce * of_supply.get(carrier, 0.0) for carrier, kgce in given.items()) / whole if whole else 0.0
            if part > 0 and loss > 0:
                yield Part("conversion", name, part * loss * self._per_kgce, part)

    @property
    def _per_kgce(self) -> float:
        return float(MJ_PER_KGCE) if self.unit.startswith("MJ") else 1.0

    def _of_line(self, carrier: str, line: Line) -> float:
        if self.metric is Metric.ELECTRICITY:
            return line.amount  # the balance of electricity is in kWh
        return (line.kgce_calorific or 0.0) * self._per_kgce

    def _means(self) -> dict[str, float]:
        """Output-weighted means of the variables that every good batch of the last step recorded: what corrects the limits."""
        good = self._good(self.covered[-1])
        whole = fsum(batch.output_t for batch in good)
        names = set(good[0].variables).intersection(*(batch.variables for batch in good)) if good else set()
        return {name: fsum(batch.variables[name] * batch.output_t for batch in good) / whole for name in sorted(names)}

    def _variant(self) -> str:
        """The variant of the last step's product; empty where it made several."""
        roots = [one.id for one in self._step(self.covered[-1]).variants if one.parent is None]
        made = {batch.variant or (roots[0] if len(roots) == 1 else "") for batch in self._good(self.covered[-1])}
        return made.pop() if len(made) == 1 else ""


def _carrier(carrier: str) -> Name:
    words = CARRIERS[carrier].words
    return Name(words.en, words.zh)
