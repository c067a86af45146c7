"""What of each step's product went into a route's (with stock, sales, purchases), and which route
bears what conversions of the site lose.

A conversion's loss goes with what it gives, directly or through another conversion. What nobody
takes, and all of a conversion that gives less than `LEAST_GIVEN`, is borne by each route as it uses
the carrier taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels.columns import counts
from benchmarks.labels.validity import ONE_WEIGHING
from benchmarks.measurements import Metric, Period
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import RouteStep
from reporting_agent.analysis.account.types import AccountLine, Draft
from reporting_agent.analysis.figures import plain
from reporting_agent.pipeline.site_balance import BalanceLine, CarrierBalance, SiteBalance

WEIGHING = 0.03
"""Of what following steps take of intermediates, that what was made may fall short by, once along
the route: two belt scales of 2 % each, k = 2 (a convention of ours). Less, and some was bought."""


def shares(draft: Draft) -> dict[str, float]:
    """By step, what of its product went into the route's: made - growth of stock - sold over made,
    along the route.
    """
    by_step, share, met = {draft.covered[-1]: 1.0}, 1.0, 1.0
    for step_id, following in zip(draft.covered[-2::-1], draft.covered[:0:-1], strict=True):
        part, met = _share_passed_on(draft, step_id, following, met)
        share *= part * _unmixed(draft, step_id, following)
        by_step[step_id] = share
    for step_id in draft.recovery:  # what is recovered of a product goes where the product goes
        product = draft.step(step_id).product
        by_step[step_id] = next(
            by_step[covered] for covered in draft.covered if draft.step(covered).product == product
        )
    return by_step


def _share_passed_on(draft: Draft, step_id: str, following: str, met: float) -> tuple[float, float]:
    """The share of a step's product that went into the next one's, and what of the need was met
    from here to the route's end (`met`: from the next step on): the error of weighing is allowed
    once for the chain."""
    stored = draft.step(step_id).product != draft.step(following).product
    purchases = [
        purchase
        for purchase in draft.site.bought_in
        if purchase.made_by == step_id and purchase.into in draft.covered
    ]
    for bought in purchases:
        if bought.quantity:
            sentence = Phrase(
                (
                    "%(quantity)s %(unit)s of the product of %(step)s were bought in. The energy "
                    "used for them elsewhere is not known here."
                ),
                quantity=plain(bought.quantity),
                unit=draft.step(step_id).output_unit,
                step=draft.named(step_id),
            )
            draft.lacks("bought-in", step_id, sentence)
    if stored and not purchases:
        sentence = Phrase(
            "This is valid only if none of the product of %(step)s was bought in, which the site "
            "does not state. A purchase within "
            "the weighing error (%(weighing)s %%) would not show, and the value would be too low "
            "by the energy used for it "
            "elsewhere. State it under [[bought_in]]; enter 0 if there was none.",
            step=draft.named(step_id),
            weighing=f"{100 * WEIGHING:g}",
        )
        draft.provisos.append(Words.of(sentence))
    stocks = [
        stock
        for stock in draft.site.product_stocks
        if stock.made_by == step_id and _of_period(draft, stock.period)
    ]
    output = draft.output_of(step_id)
    if stored and not stocks and step_id in draft.columns:
        sentence = Phrase(
            (
                "The stock of the product of %(step)s at the start and the end is not stated: "
                "give [[product_stocks]] of %(id)s for this "
                "period."
            ),
            step=draft.named(step_id),
            id=step_id,
        )
        draft.lacks("stock-not-stated", step_id, sentence)
    passed_on = output - fsum(stock.closing - stock.opening + stock.sold for stock in stocks)
    if stocks and (output <= 0 or passed_on <= 0):
        draft.lacks(
            "stock-impossible",
            step_id,
            Phrase("%(step)s: stock and sales exceed what was made.", step=draft.named(step_id)),
        )
    needed = _needed(draft, step_id, following)
    if output <= 0 or needed <= 0 or any(purchase.quantity for purchase in purchases):
        return (passed_on / output if output > 0 else 1.0), met
    short = 1 - passed_on / needed
    met *= min(1.0, passed_on / needed)
    if met < 1 - WEIGHING and short > 0:
        sentence = Phrase(
            "Only %(taken)s %(unit)s of the product of %(step)s was used where about %(needed)s "
            "is needed. State what was bought in "
            "under [[bought_in]], or add what is missing from the log.",
            taken=plain(passed_on),
            unit=draft.step(step_id).output_unit,
            step=draft.named(step_id),
            needed=plain(needed),
        )
        draft.lacks("bought-in-refuted" if purchases else "intermediate-short", step_id, sentence)
    elif short > ONE_WEIGHING:
        sentence = Phrase(
            "The output of %(step)s was %(short)s %% less than the following steps used. This is "
            "within the weighing error. If the "
            "difference was bought in, the value is too low by the same share of that step's "
            "energy.",
            short=significant(100 * short, 2),
            step=draft.named(step_id),
        )
        draft.provisos.append(Words.of(sentence))
    return passed_on / output, met


def _needed(draft: Draft, step_id: str, following: str) -> float:
    """What the good product of the following step took of this one's: as its runs say, else the
    site, else by the reference ratio.
    """
    route_step, reference = _in_route(draft, step_id, following)
    if route_step is None:
        return 0.0
    stated = draft.site.static.get(route_step.share_variable or "")
    else_pct = stated if isinstance(stated, int | float) else 100 * reference
    return fsum(
        batch.output * batch.variables.get(route_step.share_variable or "", else_pct) / 100
        for batch in draft.good(following)
    )


def _unmixed(draft: Draft, step_id: str, following: str) -> float:
    """By how much the energy up to a step counts more, where limits are meant of its product alone
    and something else went in beside it.
    """
    route_step, reference = _in_route(draft, step_id, following)
    if route_step is None or not route_step.unmixed:
        return 1.0
    alone, needed = reference * draft.output_of(following), _needed(draft, step_id, following)
    if needed <= 0 or needed >= (1 - ONE_WEIGHING) * alone:
        return 1.0
    sentence = Phrase(
        (
            "%(share)s %% of the output of %(into)s was made from the product of %(step)s. The "
            "energy up to there is divided by that "
            "part only."
        ),
        share=significant(100 * needed / alone, 3),
        into=draft.named(following),
        step=draft.named(step_id),
    )
    draft.provisos.append(Words.of(sentence))
    return alone / needed


def _in_route(draft: Draft, step_id: str, following: str) -> tuple[RouteStep | None, float]:
    """A step of the first route that holds both, and the reference ratio between them."""
    for route in draft.result.data.pack.routes:
        route_steps = {route_step.step: route_step for route_step in route.steps}
        if step_id in route_steps and following in route_steps:
            return route_steps[step_id], float(
                route_steps[step_id].ratio / route_steps[following].ratio
            )
    return None, 0.0


def _of_period(draft: Draft, stated: str) -> bool:
    period, other = draft.result.site_label.period, Period.parse(stated, draft.site.zone)
    return (other.start, other.end) == (period.start, period.end)


LEAST_GIVEN = 0.1
"""Of what a conversion takes, in coal equivalent; a power house gives a fifth, a boiler two thirds
(a convention of ours).
"""

SERVES = frozenset({"step", "auxiliary"})
_Found = tuple[str, BalanceLine]  # with its carrier


def of_line(draft: Draft, line: BalanceLine) -> float:
    """A line's energy in the account's unit; the balance of electricity is in kWh."""
    return (
        line.amount
        if draft.metric is Metric.ELECTRICITY
        else (line.kgce_calorific or 0.0) * draft.per_kgce
    )


def lost_in_conversions(
    draft: Draft, balance: SiteBalance, carriers: Collection[str], shares: Mapping[str, float]
) -> Iterator[AccountLine]:
    """The part of each conversion's loss that the account bears; of `carriers` what came in and is
    in no use is counted already.
    """
    plant = _Conversions(draft, {entry.carrier: entry for entry in balance.carriers}, shares)
    for name in balance.calorific.by_conversion:
        given_lines = plant.lines("given", name)
        taken_lines = [
            (carrier, line)
            for carrier, line in plant.lines("taken", name)
            if counts(carrier, draft.metric)
        ]
        counted = fsum(of_line(draft, line) for _, line in taken_lines)
        outputs = {
            carrier: of_line(draft, line)
            for carrier, line in given_lines
            if counts(carrier, draft.metric)
        }
        loss = max(counted - fsum(outputs.values()), 0.0)
        route, claimed = plant.goes_to(name)
        idle = fsum(
            energy * (1 - plant.product(carrier, (name,))[1])
            for carrier, energy in outputs.items()
            if carrier not in carriers
        )
        everybodys = loss * (1 - claimed) + idle
        energy = route * loss
        if counted > 0 and everybodys > 0:
            energy += (
                everybodys
                * fsum(
                    plant.bought(carrier) * of_line(draft, line) * plant.of_users(carrier)
                    for carrier, line in taken_lines
                )
                / counted
            )
        if energy > 0:
            yield AccountLine("conversion", name, energy, energy / (loss + idle))


@dataclass(frozen=True, slots=True)
class _Conversions:
    draft: Draft
    carriers: Mapping[str, CarrierBalance]
    shares: Mapping[str, float]

    def lines(self, kind: str, name: str) -> list[_Found]:
        pairs = (
            (balance.carrier, line)
            for balance in self.carriers.values()
            for line in (*balance.supply, *balance.use)
        )
        return [
            (carrier, line) for carrier, line in pairs if line.kind == kind and line.name == name
        ]

    def goes_to(self, name: str, through: tuple[str, ...] = ()) -> tuple[float, float]:
        """Of what a conversion gives, in coal equivalent: what the route takes, and what anybody
        does.
        """
        kgce_by_carrier = {
            carrier: line.kgce_calorific or 0.0 for carrier, line in self.lines("given", name)
        }
        kgce_taken = fsum(line.kgce_calorific or 0.0 for _, line in self.lines("taken", name))
        whole = fsum(kgce_by_carrier.values())
        if whole <= 0 or whole < LEAST_GIVEN * kgce_taken:
            return 0.0, 0.0
        goes = [
            (kgce / whole, carrier, *self.product(carrier, (*through, name)))
            for carrier, kgce in kgce_by_carrier.items()
        ]
        return fsum(
            part * route for part, carrier, route, _ in goes if not self._is_of_power(carrier)
        ), fsum(part * by for part, _, _, by in goes)

    def _is_of_power(self, carrier: str) -> bool:
        """Fuel that made electricity is in no account of heat."""
        return self.draft.metric is Metric.THERMAL and CARRIERS[carrier].form == "electricity"

    def product(self, carrier: str, through: tuple[str, ...]) -> tuple[float, float]:
        """Of a carrier, what the route takes and what anybody does, who sells it or passes it on
        included.
        """
        balance = self.carriers[carrier]
        use = [line for line in balance.use if line.amount > 0 and line.name not in through]
        passed = [
            (line.amount, *self.goes_to(line.name, through)) for line in use if line.kind == "taken"
        ]
        serving = fsum(line.amount for line in use if line.kind in SERVES)
        route = fsum(
            self.shares.get(line.name, 0.0) * line.amount for line in use if line.kind in SERVES
        )
        sold = -fsum(line.amount for line in balance.supply if line.kind == "sold")
        nobodys = fsum(line.amount for line in use if line.kind == "losses") + max(
            balance.residual, 0.0
        )
        on_site = serving + fsum(amount for amount, _, _ in passed)
        claimed = serving + sold + fsum(amount * by for amount, _, by in passed)
        whole = on_site + sold + nobodys
        if whole <= 0:
            return 0.0, 0.0
        delivered = (on_site + sold) / whole
        route += fsum(amount * of_route for amount, of_route, _ in passed)
        return (route / on_site * delivered if on_site > 0 else 0.0), claimed / whole

    def bought(self, carrier: str) -> float:
        """Of a carrier, what no conversion gave: what one lost that another made is counted where
        it was made.
        """
        balance = self.carriers[carrier]
        from_conversions = fsum(line.amount for line in balance.supply if line.kind == "given")
        whole = fsum(line.amount for line in balance.supply if line.amount > 0) - fsum(
            line.amount for line in balance.use if line.amount < 0
        )
        return 1 - from_conversions / whole if whole > 0 else 1.0

    def of_users(self, carrier: str) -> float:
        """Of what steps and their auxiliaries use of a carrier, the route's part; where none does,
        of all that they use.
        """
        share = self._of([self.carriers[carrier]])
        return share if share is not None else self._of(list(self.carriers.values())) or 0.0

    def _of(self, balances: list[CarrierBalance]) -> float | None:
        lines = [
            line
            for balance in balances
            for line in balance.use
            if line.kind in SERVES and line.amount > 0
        ]
        whole = fsum(line.kgce_calorific or line.amount for line in lines)
        of_route = fsum(
            self.shares.get(line.name, 0.0) * (line.kgce_calorific or line.amount) for line in lines
        )
        return of_route / whole if whole > 0 else None
