"""What conversions of the site lose (boilers, power houses, rectifiers), divided whole: by who takes what they give.

A loss goes with the product: to the route the part of it that the route takes, directly or through another conversion. What nobody takes,
and all of a conversion that gives less than `LEAST_GIVEN`, is everybody's: of a route as much as it uses of the carrier that was taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.labels.columns import counts
from benchmarks.measurements import Metric
from reporting_agent.analysis.route_account import Part
from reporting_agent.analysis.route_draft import Draft
from reporting_agent.analysis.site_balance import CarrierBalance, Line, SiteBalance

LEAST_GIVEN = 0.1
"""Of what a conversion takes, in coal equivalent; a power house gives a fifth, a boiler two thirds (a convention of ours)."""

SERVES = frozenset({"step", "auxiliary"})
_Found = tuple[str, Line]  # with its carrier


def of_line(draft: Draft, line: Line) -> float:
    """A line's energy in the account's unit; the balance of electricity is in kWh."""
    return line.amount if draft.metric is Metric.ELECTRICITY else (line.kgce_calorific or 0.0) * draft.per_kgce


def lost_in_conversions(draft: Draft, balance: SiteBalance, carriers: Collection[str], shares: Mapping[str, float]) -> Iterator[Part]:
    """The part of each conversion's loss that the account bears; of `carriers` what came in and is in no use is counted already."""
    plant = _Conversions(draft, {one.carrier: one for one in balance.carriers}, shares)
    for name in balance.calorific.by_conversion:
        given = plant.lines("given", name)
        taken = [(one, line) for one, line in plant.lines("taken", name) if counts(one, draft.metric)]
        counted = fsum(of_line(draft, line) for _, line in taken)
        made = {one: of_line(draft, line) for one, line in given if counts(one, draft.metric)}
        loss = max(counted - fsum(made.values()), 0.0)
        route, claimed = plant.goes_to(name)
        idle = fsum(energy * (1 - plant.product(one, (name,))[1]) for one, energy in made.items() if one not in carriers)
        everybodys = loss * (1 - claimed) + idle
        energy = route * loss
        if counted > 0 and everybodys > 0:
            energy += everybodys * fsum(plant.bought(one) * of_line(draft, line) * plant.of_users(one) for one, line in taken) / counted
        if energy > 0:
            yield Part("conversion", name, energy, energy / (loss + idle))


@dataclass(frozen=True, slots=True)
class _Conversions:
    draft: Draft
    carriers: Mapping[str, CarrierBalance]
    shares: Mapping[str, float]

    def lines(self, kind: str, name: str) -> list[_Found]:
        found = ((one.carrier, line) for one in self.carriers.values() for line in (*one.supply, *one.use))
        return [(one, line) for one, line in found if line.kind == kind and line.name == name]

    def goes_to(self, name: str, through: tuple[str, ...] = ()) -> tuple[float, float]:
        """Of what a conversion gives, in coal equivalent: what the route takes, and what anybody does."""
        given = {one: line.kgce_calorific or 0.0 for one, line in self.lines("given", name)}
        taken = fsum(line.kgce_calorific or 0.0 for _, line in self.lines("taken", name))
        whole = fsum(given.values())
        if whole <= 0 or whole < LEAST_GIVEN * taken:
            return 0.0, 0.0
        goes = [(kgce / whole, one, *self.product(one, (*through, name))) for one, kgce in given.items()]
        return fsum(part * route for part, one, route, _ in goes if not self._is_of_power(one)), fsum(part * by for part, _, _, by in goes)

    def _is_of_power(self, carrier: str) -> bool:
        """Fuel that made electricity is in no account of heat."""
        return self.draft.metric is Metric.THERMAL and CARRIERS[carrier].form == "electricity"

    def product(self, carrier: str, through: tuple[str, ...]) -> tuple[float, float]:
        """Of a carrier, what the route takes and what anybody does, who sells it or passes it on included."""
        balance = self.carriers[carrier]
        use = [line for line in balance.use if line.amount > 0 and line.name not in through]
        passed = [(line.amount, *self.goes_to(line.name, through)) for line in use if line.kind == "taken"]
        serving = fsum(line.amount for line in use if line.kind in SERVES)
        route = fsum(self.shares.get(line.name, 0.0) * line.amount for line in use if line.kind in SERVES)
        sold = -fsum(line.amount for line in balance.supply if line.kind == "sold")
        nobodys = fsum(line.amount for line in use if line.kind == "losses") + max(balance.residual, 0.0)
        on_site = serving + fsum(amount for amount, _, _ in passed)
        claimed = serving + sold + fsum(amount * by for amount, _, by in passed)
        whole = on_site + sold + nobodys
        if whole <= 0:
            return 0.0, 0.0
        kept = (on_site + sold) / whole
        route += fsum(amount * of_route for amount, of_route, _ in passed)
        return (route / on_site * kept if on_site > 0 else 0.0), claimed / whole

    def bought(self, carrier: str) -> float:
        """Of a carrier, what no conversion gave: what one lost that another made is counted where it was made."""
        balance = self.carriers[carrier]
        made = fsum(line.amount for line in balance.supply if line.kind == "given")
        whole = fsum(line.amount for line in balance.supply if line.amount > 0) - fsum(
            line.amount for line in balance.use if line.amount < 0
        )
        return 1 - made / whole if whole > 0 else 1.0

    def of_users(self, carrier: str) -> float:
        """Of what steps and their auxiliaries use of a carrier, the route's part; where none does, of all that they use."""
        found = self._of([self.carriers[carrier]])
        return found if found is not None else self._of(list(self.carriers.values())) or 0.0

    def _of(self, balances: list[CarrierBalance]) -> float | None:
        lines = [line for one in balances for line in one.use if line.kind in SERVES and line.amount > 0]
        whole = fsum(line.kgce_calorific or line.amount for line in lines)
        of_route = fsum(self.shares.get(line.name, 0.0) * (line.kgce_calorific or line.amount) for line in lines)
        return of_route / whole if whole > 0 else None
