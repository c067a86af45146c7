"""The site's energy balance, per carrier in its own unit:

    purchased + given by conversions - sold - growth of stock
        = steps + other users + taken by conversions + declared losses + residual

A step's use is its meters' over the period less what it gave back, else its batches'. The residual
is shown, never spread; it closes within what the meters may err by (k = 2), and cannot be told
where that is more than a tenth. In coal equivalent on each basis apart (GB/T 2589), a carrier has
*one* factor: its mean heating value, else the table's in the middle of the period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, DataFinding
from reporting_agent.pipeline.site_flows import Amounts, gather
from reporting_agent.pipeline.sitewide import SiteTotals

Kind = Literal[
    "purchased", "sold", "stock", "given", "taken", "step", "auxiliary", "others", "losses"
]
_SUPPLY: tuple[Kind, ...] = ("purchased", "given", "sold", "stock")
# of all there was, supplied or given back by steps: meters that may err by more let any loss pass
_TELLING = 0.1


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One amount of a balance. Supply lines are negative for what leaves (sold, put into store),
    use lines for what a step gives back.

    `name` is the id of the step, conversion or meter; `source` is `meter`, `stated`, `batches` or
    `declared`. kgce is None where no factor is in force.
    """

    kind: Kind
    name: str
    amount: float
    source: str
    uncertainty: float  # expanded, in the carrier's unit
    kgce_calorific: float | None
    kgce_equivalent: float | None


@dataclass(frozen=True, slots=True)
class CarrierBalance:
    """One carrier. supplied = used + residual, exactly as the lines add up."""

    carrier: str
    unit: str
    supply: tuple[BalanceLine, ...]
    use: tuple[BalanceLine, ...]
    supplied: float
    used: float
    residual: float
    share: float | None  # residual / all there was: supplied, or given back by steps
    allowance: float
    closes: bool | None  # None: the meters may err by too much to tell


@dataclass(frozen=True, slots=True)
class BasisBalance:
    """All carriers in kgce on one basis. `by_step` and `by_conversion` are net; carriers without a
    factor are `left_out`, and why.
    """

    basis: Basis
    purchased: float
    sold: float  # with growth of stock; positive
    by_step: dict[str, float]
    by_conversion: dict[str, float]  # taken less given: the loss of the conversion
    others: float
    losses: float
    residual: float
    left_out: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class SiteBalance:
    carriers: tuple[CarrierBalance, ...]
    calorific: BasisBalance
    equivalent: BasisBalance
    notes: tuple[DataFinding, ...]


def site_balance(whole: SiteTotals) -> SiteBalance | None:
    """The balance of the period; None where the site declares no boundary."""
    if whole.site.site_boundary is None:
        return None
    gathered = gather(whole)
    balances, left_out = (
        [],
        {Basis.CALORIFIC: list[tuple[str, Words]](), Basis.EQUIVALENT: list[tuple[str, Words]]()},
    )
    for amounts in gathered.carriers:
        factors = {}
        for basis in Basis:
            factors[basis], why = _factor(amounts, whole.factors, basis, whole.day)
            if why is not None:
                left_out[basis].append((amounts.carrier, why))
        balances.append(_carrier_balance(amounts, factors))
    calorific, equivalent = (
        _in_kgce(balances, basis, tuple(left_out[basis]))
        for basis in (Basis.CALORIFIC, Basis.EQUIVALENT)
    )
    return SiteBalance(tuple(balances), calorific, equivalent, tuple(gathered.notes))


def _carrier_balance(amounts: Amounts, factors: dict[Basis, float | None]) -> CarrierBalance:
    calorific, equivalent = factors[Basis.CALORIFIC], factors[Basis.EQUIVALENT]
    lines = [
        BalanceLine(
            kind=entry.kind,
            name=entry.name,
            amount=entry.amount,
            source=entry.source,
            uncertainty=entry.uncertainty,
            kgce_calorific=None if calorific is None else entry.amount * calorific,
            kgce_equivalent=None if equivalent is None else entry.amount * equivalent,
        )
        for entry in amounts.entries
    ]
    supply = tuple(line for line in lines if line.kind in _SUPPLY)
    use = tuple(line for line in lines if line.kind not in _SUPPLY)
    supplied, used = sum(line.amount for line in supply), sum(line.amount for line in use)
    residual = supplied - used
    available = sum(line.amount for line in supply if line.amount > 0) - sum(
        line.amount for line in use if line.amount < 0
    )
    allowance = sum(line.uncertainty**2 for line in lines) ** 0.5
    return CarrierBalance(
        carrier=amounts.carrier,
        unit=amounts.unit,
        supply=supply,
        use=use,
        supplied=supplied,
        used=used,
        residual=residual,
        share=residual / available if available else None,
        allowance=allowance,
        closes=None
        if abs(residual) <= allowance and allowance > _TELLING * available
        else abs(residual) <= allowance,
    )


def _factor(
    amounts: Amounts, table: FactorTable, basis: Basis, on: date
) -> tuple[float | None, Words | None]:
    """kgce per unit of the carrier on that basis; None with the reason where there is none."""
    try:
        return table.kgce(
            CarrierEnergy(amounts.carrier, 1.0, amounts.unit, lhv_mj_per_unit=amounts.lhv),
            basis,
            on,
        ), None
    except InputError as none:
        return None, Words.of(none.sentence)


def _in_kgce(
    carriers: list[CarrierBalance], basis: Basis, left_out: tuple[tuple[str, Words], ...]
) -> BasisBalance:
    def kgce(line: BalanceLine) -> float:
        return (line.kgce_calorific if basis is Basis.CALORIFIC else line.kgce_equivalent) or 0.0

    lines = [line for balance in carriers for line in (*balance.supply, *balance.use)]
    by_step: dict[str, float] = {}
    by_conversion: dict[str, float] = {}
    for line in lines:
        if line.kind == "step":
            by_step[line.name] = by_step.get(line.name, 0.0) + kgce(line)
        elif line.kind in {"given", "taken"}:
            by_conversion[line.name] = by_conversion.get(line.name, 0.0) + (
                kgce(line) if line.kind == "taken" else -kgce(line)
            )

    def whole(*kinds: Kind) -> float:
        return sum(kgce(line) for line in lines if line.kind in kinds)

    purchased, sold = whole("purchased"), -whole("sold", "stock")
    used = (
        sum(by_step.values()) + sum(by_conversion.values()) + whole("auxiliary", "others", "losses")
    )
    return BasisBalance(
        basis,
        purchased,
        sold,
        by_step,
        by_conversion,
        whole("auxiliary", "others"),
        whole("losses"),
        purchased - sold - used,
        left_out,
    )


def lines(site_balance: SiteBalance) -> Iterator[tuple[CarrierBalance, BalanceLine]]:
    """Every line with its carrier, supply first."""
    for balance in site_balance.carriers:
        for line in (*balance.supply, *balance.use):
            yield balance, line
