"""Whether the site's account shows that all of its energy is in its labels: stated beside each and
its grade.

Each carrier that the step counts, or that a conversion makes of one, has to balance: what is
available and in no use might be the step's own. Where purchases are the very meters that labels
count, the balance shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.routes import Pack
from reporting_agent.pipeline.provisos.beside_the_meters import in_unit_of, size_of
from reporting_agent.pipeline.site_balance import CarrierBalance, SiteBalance
from reporting_agent.pipeline.sitewide import SiteTotals

TENFOLD = 10
"""An error of so many percent of a carrier is looked at, of which a supplier's bill would tell (a
convention of ours).
"""


def sentences(
    label: StepLabel, whole: SiteTotals, pack: Pack, balance: SiteBalance | None
) -> Iterator[Words]:
    """That there is no account, or each carrier of it that does not balance, with what that makes
    of the label.
    """
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    if balance is None:
        sentence = Phrase(
            "The site declares no [site_boundary], so nothing shows that all of its energy is in "
            "this label: energy without a meter "
            "or a row goes missing unnoticed. Each percent that is missing lowers the label by "
            "%(size)s %(unit)s. State in "
            "[site_boundary] what the site bought, made and sold.",
            # of 100 parts 99 are here; what credits take off cannot go missing
            size=significant(
                fsum(max(energy, 0.0) for energy in label.energy_by_carrier.values())
                / 99
                / (label.output or output),
                2,
            ),
            unit=label.unit,
        )
        yield Words.of(sentence)
        return
    own = {
        carrier_id
        for carrier_id in within(pack.step(label.step).boundary)
        if counts(carrier_id, label.metric)
    }
    conversions = whole.site.site_boundary.conversions if whole.site.site_boundary else ()
    touched = own | {
        flow.carrier
        for conversion in conversions
        if own & {inflow.carrier for inflow in conversion.takes}
        for flow in conversion.gives
    }
    by_carrier = {entry.carrier: entry for entry in balance.carriers}
    for carrier in CARRIERS:
        if carrier in by_carrier and carrier in touched and not by_carrier[carrier].closes:
            account = by_carrier[carrier]
            amount = account.allowance if account.closes is None else account.residual
            size = _size(account, abs(amount), own, label, whole, pack) / output
            if size > WORTH_TELLING * abs(label.best.value) and (
                amount > 0 or label.energy_by_carrier.get(carrier)
            ):
                yield Words.of(_sentence(account, amount, size, label))
        elif (
            carrier in by_carrier
            and carrier in touched
            and (of_meters := _of_own_meters(carrier, whole))
        ):
            percent = 0.01 * label.energy_by_carrier.get(carrier, 0.0) / (label.output or output)
            if TENFOLD * percent > WORTH_TELLING * abs(label.best.value):
                sentence = Phrase(
                    "The site states its purchase of %(carrier)s as the readings of %(meters)s, "
                    "and labels count the same readings. "
                    "So the balance closes whatever they show. Each percent that is missing "
                    "lowers the label by %(size)s %(unit)s. "
                    "Under purchased of [site_boundary], state the amounts of the supplier's "
                    "bills or a meter of the supplier.",
                    carrier=CARRIERS[carrier].words,
                    meters=enumerated(of_meters),
                    size=significant(percent, 2),
                    unit=label.unit,
                )
                yield Words.of(sentence)
        elif carrier not in by_carrier and label.energy_by_carrier.get(carrier):
            sentence = Phrase(
                "The account of the site has no balance of %(carrier)s, which this label counts. "
                "So nothing shows that all of it is "
                "included. State in [site_boundary] how much of it the site bought, made and sold.",
                carrier=CARRIERS[carrier].words,
            )
            yield Words.of(sentence)


def _of_own_meters(carrier: str, whole: SiteTotals) -> list[str]:
    """The meters that all purchases of the carrier are stated by, where labels count each of them;
    else none.
    """
    fence = whole.site.site_boundary
    bought = [flow.meter for flow in (fence.purchased if fence else ()) if flow.carrier == carrier]
    counted = {meter.id for meter in whole.site.tree.counted}
    return (
        [meter for meter in bought if meter is not None]
        if all(meter in counted for meter in bought)
        else []
    )


def _size(
    account: CarrierBalance,
    amount: float,
    own: set[str],
    label: StepLabel,
    whole: SiteTotals,
    pack: Pack,
) -> float:
    """An amount of a carrier in the label's unit of energy: its own heat, or, where that is more,
    what conversions took for it.
    """
    itself = (
        in_unit_of(label, account.carrier, amount, account.unit, None, whole, pack)
        if account.carrier in own
        else 0.0
    )
    from_conversions, fence = (
        fsum(line.amount for line in account.supply if line.kind == "given"),
        whole.site.site_boundary,
    )
    makers = [
        conversion
        for conversion in (fence.conversions if fence else ())
        if any(flow.carrier == account.carrier for flow in conversion.gives)
    ]
    conversion_input = fsum(
        size_of(flow, label, whole, pack)
        for conversion in makers
        for flow in conversion.takes
        if flow.carrier in own
    )
    return max(
        itself, conversion_input * min(amount / from_conversions, 1.0) if from_conversions else 0.0
    )


def _sentence(account: CarrierBalance, amount: float, size: float, label: StepLabel) -> Phrase:
    supplied = fsum(line.amount for line in account.supply if line.amount > 0) - fsum(
        line.amount for line in account.use if line.amount < 0
    )
    shown: dict[str, Value] = {
        "carrier": CARRIERS[account.carrier].words,
        "amount": _figure(abs(amount)),
        "of": _figure(supplied),
        "unit": account.unit,
        "size": significant(size, 3),
        "per": label.unit,
    }
    if account.closes is None:
        return Phrase(
            "The meters cannot show whether the site's balance of %(carrier)s closes: of %(of)s "
            "%(unit)s, their error may be "
            "%(amount)s %(unit)s. If that much were missing and belonged to this step, the label "
            "would be %(size)s %(per)s higher. "
            "State the class of the main meters from their calibration, or use better meters.",
            **shown,
        )
    if amount > 0:
        return Phrase(
            "The site's balance of %(carrier)s does not close: %(amount)s %(unit)s of %(of)s "
            "%(unit)s is in no use that is counted "
            "or named. If it all belonged to this step, the label would be higher by %(size)s "
            "%(per)s. Count it, or name its use in "
            "[site_boundary].",
            **shown,
        )
    return Phrase(
        "The site's balance of %(carrier)s does not close: %(amount)s %(unit)s more is used than "
        "the account shows as received or "
        "made (%(of)s %(unit)s). So it does not show that all of it is counted. Per unit of this "
        "step's output that is %(size)s "
        "%(per)s. Compare the purchases, stocks and conversions in [site_boundary] with their "
        "invoices and meters.",
        **shown,
    )


def _figure(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 1000 else significant(amount, 3)
