"""Energy given back and its recipients: steam, heat and gas that nobody takes, that a boundary does
not credit, and gas that nothing on the site makes.

What steps give back, less own use, is held against the heat of steps whose labels count it,
auxiliaries of labelled steps and buyers, after purchases and conversions; a conversion is a
recipient by the part that these take. Power of any other step. Where steps take more of a works gas
than is made, the rest was bought: at the richest gas known (natural gas booked as coke-oven gas
counts half). Only what the pack credits lowers a label (ISO 50006, 5.3); a turned direction shows
as what it would be, had the step taken it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from math import ceil, fsum

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.declared import Words
from benchmarks.errors import InputError
from benchmarks.labels import ExclusionReason, StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.materials import UsualHeat
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, enumerated, significant
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack, Step
from reporting_agent.config.site_boundary import Conversion, Flow, SiteBoundary
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, in_unit_of, size_of
from reporting_agent.pipeline.sitewide import SiteTotals

ANALYSED = timedelta(days=31)
"""In which a gas that is bought is analysed once at least, so that its values differ (a convention
of ours).
"""


def unexplained_gas_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By gas that the label counts and nothing on the site makes, the label were it the richest."""
    best, rule = label.best.value, pack.step(label.step).metric(label.metric)
    gases = {
        usual.carrier: value
        for usual in pack.heating_values
        if CARRIERS[usual.carrier].form == "gas" and (value := _usual(usual))
    }
    if best is None or rule is None or not label.output or not gases:
        return
    for carrier, energy in label.energy_by_carrier.items():
        if CARRIERS[carrier].form != "gas" or not counts(carrier, label.metric) or energy <= 0:
            continue
        bought, (mean, values, months) = (
            _bought(carrier, whole),
            _values(label, carrier, energy, gases.get(carrier, 0.0)),
        )
        if mean <= 0 or (_is_purchased(carrier, whole) and values >= max(2, ceil(months))):
            continue
        as_richer = {
            gas: best + bought * energy / label.output * (value / mean - 1)
            for gas, value in gases.items()
        }
        can_be = {
            gas: value for gas, value in as_richer.items() if value <= rule.ceiling
        }  # beyond it no such step lies
        richest = max(can_be, key=can_be.__getitem__, default=carrier)
        if richest == carrier or can_be[richest] - best <= WORTH_TELLING * abs(best):
            continue
        sentence = Phrase(
            "No step and no conversion in the files makes %(share)s of the %(carrier)s (%(mean)s "
            "on average): it was bought, or "
            "another gas is recorded under its name. If it were %(richest)s (%(value)s), the "
            "label would be %(high)s %(unit)s "
            "instead of %(best)s. Log what makes it, or name it under purchased of "
            "[site_boundary], with heating values from an "
            "analysis each month; keep the supplier's contract for an auditor.",
            share=f"{bought:.0%}",
            carrier=CARRIERS[carrier].words,
            mean=f"{significant(mean, 4)} MJ/{CARRIERS[carrier].unit}",
            richest=CARRIERS[richest].words,
            value=f"{gases[richest]:g}",
            high=significant(can_be[richest], 4),
            best=significant(best, 4),
            unit=label.unit,
        )
        yield Words.of(sentence)


def _bought(carrier: str, whole: SiteTotals) -> float:
    """Of what steps took of a gas, the share that neither steps gave back nor conversions made."""
    fence = whole.site.site_boundary
    given_mj = fsum(whole.of_steps(carrier, Direction.RECOVERED).values())
    flows = (
        flow
        for conversion in (fence.conversions if fence else ())
        for flow in conversion.gives
        if flow.carrier == carrier
    )
    given_mj += fsum(whole.flow_mj(flow) or 0.0 for flow in flows)
    taken_mj = fsum(whole.of_steps(carrier, Direction.IMPORT).values())
    return max(1 - given_mj / taken_mj, 0.0) if taken_mj > 0 else 1.0


def _usual(usual: UsualHeat) -> float:
    """What is typical of a carrier, or lies between its bounds; 0 where nothing is usual."""
    return usual.typical or ((usual.least or 0.0) + (usual.most or 0.0)) / 2


def _is_purchased(carrier: str, whole: SiteTotals) -> bool:
    fence = whole.site.site_boundary
    return fence is not None and any(flow.carrier == carrier for flow in fence.purchased)


def _values(
    label: StepLabel, carrier: str, energy: float, usual: float
) -> tuple[float, int, float]:
    """The mean heating value in MJ per the gas's own unit, how many different ones its runs have,
    over how many times `ANALYSED`; an amount of heat stands for so much of the usual gas."""
    measured, own = label.made_from, CARRIERS[carrier].unit
    if measured is None:
        return 0.0, 0, 0.0
    columns, used = measured.columns, np.isin(measured.columns.entry_row, measured.rows)
    quantities = np.bincount(
        columns.entry_kind[used], columns.entry_quantity[used], len(columns.kinds)
    )
    amount, values = 0.0, set[float]()
    for index in np.flatnonzero(quantities).tolist():
        kind = columns.kinds[index]
        if kind.carrier != carrier or kind.direction is not Direction.IMPORT:
            continue
        if (of_energy := mj_in(kind.unit)) is not None:
            amount += quantities[index] * of_energy / usual if usual else 0.0
        else:
            with suppress(InputError):  # a gas by its mass
                amount += quantities[index] * ratio(kind.unit, own)
            values |= {kind.lhv_mj_per_unit} if kind.lhv_mj_per_unit is not None else set()
    starts = [columns.batches[row].start for row in measured.rows.tolist()]
    mean = energy * MJ_PER[label.energy_unit] / amount if amount else 0.0
    return mean, len(values), (max(starts) - min(starts)) / ANALYSED


FORMS = frozenset({"steam", "heat", "gas", "electricity"})
NEARLY = 0.05
"""Of all that is given, what meters of steam and gas may err by together before the rest is told (a
convention of ours).
"""


def untaken(label: StepLabel, whole: SiteTotals) -> Iterator[Words]:
    """What the label credits and nobody is shown to take, each carrier with its size."""
    if label.best.value is None or not label.output or label.made_from is None:
        return
    for carrier in label.energy_by_carrier:
        if (
            CARRIERS[carrier].form not in FORMS
            or carrier == label.made_from.columns.step.product_carrier
        ):
            continue
        size = -label.energy_by_carrier[carrier] / label.output
        given_mj, taken_mj, idle = _given_and_taken(carrier, label.step, whole)
        if given_mj <= 0:
            continue
        rest = size * (given_mj - taken_mj) / given_mj
        if given_mj - taken_mj > NEARLY * given_mj and rest > WORTH_TELLING * abs(label.best.value):
            yield Words.of(_sentence(carrier, rest, taken_mj / given_mj, label))
            if idle:
                yield Words.of(_no_takers(carrier, idle))
        on_paper = size * min(_mj(_of(carrier, _sold_by_statement(whole)), whole) / given_mj, 1.0)
        if on_paper > WORTH_TELLING * abs(label.best.value):
            yield Words.of(_on_paper(CARRIERS[carrier].words, on_paper, label))


def unserved(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What conversions take of what the step counts for heat and power that no taker takes, as if
    it were this step's own.
    """
    output = whole.outputs.get(label.step, 0.0)
    fence = whole.site.site_boundary
    if label.best.value is None or fence is None or output <= 0:
        return
    own = {
        carrier
        for carrier in within(pack.step(label.step).boundary)
        if counts(carrier, label.metric)
    }
    for conversion in fence.conversions:
        conversion_input = (
            fsum(
                size_of(flow, label, whole, pack)
                for flow in conversion.takes
                if flow.carrier in own
            )
            / output
        )
        if conversion_input <= USUAL * abs(label.best.value):
            continue
        served = _served(conversion, "", fence, whole, ())
        metered = fence.model_copy(
            update={"sold": tuple(flow for flow in fence.sold if flow.meter is not None)}
        )
        on_paper = (served - _served(conversion, "", metered, whole, ())) * conversion_input
        if on_paper > USUAL * abs(label.best.value):
            yield Words.of(
                _on_paper(Phrase("what %(id)s makes", id=conversion.id), on_paper, label)
            )
        if (1 - served) * conversion_input > max(
            NEARLY * conversion_input, USUAL * abs(label.best.value)
        ):
            sentence = Phrase(
                "Steps whose labels count it, their auxiliaries and buyers use %(share)s of what "
                "%(id)s of [site_boundary] makes. If "
                "its input for the rest belonged to this step, the label would be higher by "
                "%(size)s %(unit)s. Name the users of the "
                "rest in [site_boundary], with the meter.",
                id=conversion.id,
                share=f"{served:.0%}",
                size=significant((1 - served) * conversion_input, 3),
                unit=label.unit,
            )
            yield Words.of(sentence)


def _given_and_taken(carrier: str, step: str, whole: SiteTotals) -> tuple[float, float, list[str]]:
    """MJ that steps give in all, beyond what each takes itself, what is left of its takers once
    others have served them, and conversions that count as no taker, or not whole. Auxiliaries of
    the step whose credit is asked for are its own users, and none of its takers."""
    out, into = (
        whole.of_steps(carrier, Direction.RECOVERED),
        whole.of_steps(carrier, Direction.IMPORT),
    )
    net = {step: out.get(step, 0.0) - into.get(step, 0.0) for step in {*out, *into}}
    is_power = carrier == "electricity"
    counted = into if is_power else whole.counted_of_steps(carrier)
    given_mj, taken_mj = (
        fsum(mj for mj in net.values() if mj > 0),
        fsum(min(-mj, counted.get(user, 0.0)) for user, mj in net.items() if mj < 0),
    )
    idle = []
    if (fence := whole.site.site_boundary) is not None:
        taken_mj += _by_users(carrier, step, fence, whole)
        for conversion in fence.conversions:
            taking = _mj(_of(carrier, conversion.takes), whole)
            if taking:
                served = _served(conversion, step, fence, whole, ())
                taken_mj += taking * served
                idle += [conversion.id] if served < 1 - NEARLY else []
        others = (
            ()
            if is_power
            else (*fence.purchased, *(flow for maker in fence.conversions for flow in maker.gives))
        )
        taken_mj -= _mj(_of(carrier, others), whole)
    return given_mj, max(taken_mj, 0.0), idle


def _served(
    conversion: Conversion,
    step: str,
    fence: SiteBoundary,
    whole: SiteTotals,
    behind: tuple[str, ...],
) -> float:
    """The part of what a conversion gives that somebody takes: 0 where it gives nothing known. What
    it gives to conversions `behind` which it stands is taken by nobody."""
    if conversion.id in behind:
        return 0.0
    mj_by_carrier = {
        flow.carrier: _mj(_of(flow.carrier, conversion.gives), whole) for flow in conversion.gives
    }
    taken_mj = fsum(
        mj * _taken_share(carrier, step, fence, whole, (*behind, conversion.id))
        for carrier, mj in mj_by_carrier.items()
    )
    whole_of_it = fsum(mj_by_carrier.values())
    return taken_mj / whole_of_it if whole_of_it else 0.0


def _taken_share(
    carrier: str, step: str, fence: SiteBoundary, whole: SiteTotals, behind: tuple[str, ...]
) -> float:
    """Of what conversions give of a carrier, the part that is taken; what meters err by and losses
    take of all its users is left to them. One that takes what it gives (steam at another pressure)
    passes on what others gave."""
    used = fsum(whole.counted_of_steps(carrier).values()) + _by_users(carrier, step, fence, whole)
    others = fsum(whole.of_steps(carrier, Direction.RECOVERED).values()) + _mj(
        _of(carrier, fence.purchased), whole
    )
    for conversion in fence.conversions:
        taking = _mj(_of(carrier, conversion.takes), whole)
        others -= taking if any(_of(carrier, conversion.gives)) else 0.0
        used += taking * _served(conversion, step, fence, whole, behind) if taking else 0.0
    given_mj = _mj(
        (flow for maker in fence.conversions for flow in _of(carrier, maker.gives)), whole
    )
    return (
        min(max(used * (1 + NEARLY) - max(others, 0.0), 0.0) / given_mj, 1.0) if given_mj else 0.0
    )


def _by_users(carrier: str, step: str, fence: SiteBoundary, whole: SiteTotals) -> float:
    labelled = {label.step for label in whole.labels if label.best.value is not None}
    return _mj(
        _of(
            carrier,
            (
                *fence.sold,
                *(
                    auxiliary
                    for auxiliary in fence.auxiliaries
                    if auxiliary.step in labelled - {step}
                ),
            ),
        ),
        whole,
    )


def _sold_by_statement(whole: SiteTotals) -> tuple[Flow, ...]:
    fence = whole.site.site_boundary
    return () if fence is None else tuple(flow for flow in fence.sold if flow.meter is None)


def _of(carrier: str, flows: Iterable[Flow]) -> Iterator[Flow]:
    return (flow for flow in flows if flow.carrier == carrier)


def _mj(flows: Iterable[Flow], whole: SiteTotals) -> float:
    return fsum(whole.flow_mj(flow) or 0.0 for flow in flows)


def _no_takers(carrier: str, idle: list[str]) -> Phrase:
    return Phrase(
        "Steps that count it, auxiliaries of other steps and buyers use nothing, or only a part, "
        "of what %(ids)s of [site_boundary] "
        "makes from the %(carrier)s. Only that part counts as a use of the %(carrier)s.",
        ids=", ".join(idle),
        carrier=CARRIERS[carrier].words,
    )


def _on_paper(what: Value, size: float, label: StepLabel) -> Phrase:
    return Phrase(
        "The sale of %(what)s is only stated; no meter shows it. Compare it with the invoices. "
        "Without it the label would be higher "
        "by %(size)s %(unit)s.",
        what=what,
        size=significant(size, 3),
        unit=label.unit,
    )


def _sentence(carrier: str, rest: float, share: float, label: StepLabel) -> Phrase:
    size: dict[str, Value] = {
        "carrier": CARRIERS[carrier].words,
        "size": significant(rest, 3),
        "unit": label.unit,
    }
    if share <= 0:
        return Phrase(
            "Nothing shows who uses the %(carrier)s that is credited: no other step of the site "
            "does, and no flow of "
            "[site_boundary]. Without the credit the label would be higher by %(size)s %(unit)s. "
            "Name its user in [site_boundary], "
            "with the meter.",
            **size,
        )
    return Phrase(
        "Other steps of the site and flows of [site_boundary] use %(share)s of the %(carrier)s "
        "that is credited. Without the rest "
        "the label would be higher by %(size)s %(unit)s. Name the users of the rest in "
        "[site_boundary], with the meter.",
        share=f"{share:.2%}",
        **size,
    )


def uncredited_energy_caveats(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """By how much the label would be higher, had the step taken what it is said to give back."""
    step = pack.step(label.step)
    output = whole.outputs.get(label.step, 0.0)
    if label.best.value is None or output <= 0:
        return
    sizes: dict[str, float] = {}
    for (of, carrier, is_taken, unit, lhv), quantity in whole.amounts.items():
        if (
            of == label.step
            and not is_taken
            and carrier not in step.boundary.credited
            and carrier in CARRIERS
            and counts(carrier, label.metric)
        ):
            sizes[carrier] = (
                sizes.get(carrier, 0.0)
                + in_unit_of(label, carrier, quantity, unit, lhv, whole, pack) / output
            )
    if (together := fsum(sizes.values())) > USUAL * abs(label.best.value):
        ordered = sorted(sizes.items(), key=lambda item: -item[1])
        sentence = Phrase(
            "The step is declared to give back energy that its boundary does not credit, so no "
            "metric counts it: %(carriers)s %(unit)s."
            " If the step had used this energy, the label would be %(size)s %(unit)s higher. "
            "Correct the direction. If the energy only"
            " passes through, assign the meter to no step and name it in [site_boundary].",
            carriers=enumerated(
                Phrase(
                    "%(carrier)s %(size)s",
                    carrier=CARRIERS[carrier].words,
                    size=significant(size, 3),
                )
                for carrier, size in ordered
                if size > 0
            ),
            size=significant(together, 3),
            unit=label.unit,
        )
        yield Words.of(sentence)


def driven_besides(label: StepLabel, step: Step) -> Iterator[Words]:
    """Why runs that took what the boundary holds and the metric does not count have no label in it
    (`alone`): which of the two drove the step cannot be told."""
    besides = [CARRIERS[use.carrier].words for use in label.outside if use.is_inside]
    if label.best.value is None and label.best.reason == ExclusionReason.ENERGY_OUTSIDE and besides:
        sentence = Phrase(
            "This metric compares only runs that use no other energy than it counts, because "
            "other energy may do the same work. "
            "These runs also used %(carriers)s, which is inside the boundary, for example in a "
            "dryer. Their label is that of "
            "%(metrics)s.",
            carriers=enumerated(besides),
            metrics=enumerated(str(rule.metric) for rule in step.metrics if not rule.alone),
        )
        yield Words.of(sentence)
