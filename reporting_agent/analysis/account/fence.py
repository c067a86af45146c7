"""A route's account at the site's fence: what no meter counts, carriers' balance, no production,
auxiliaries of other steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels.columns import counts
from benchmarks.labels.outside import LARGEST_SHARE
from benchmarks.phrases import Phrase, enumerated, significant
from reporting_agent.analysis.account.made_and_needed import SERVES, lost_in_conversions, of_line
from reporting_agent.analysis.account.types import AccountLine, Draft, named_carrier
from reporting_agent.pipeline.site_balance import SiteBalance

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
