"""Steam, heat and gas that a label credits and nobody takes, and what conversions take for heat and
power that no taker takes.

Over the period all that steps give back of a carrier, less what they take of it themselves, is held
against what is left of its takers' heat once purchases and conversions of the site have served
them. Takers are steps whose labels count it, auxiliaries of other steps that have a label, and
buyers; what is no production pays for nothing. A conversion is a taker by the part of what it gives
that these take: a heater of the step's own drum is none, nor a turbine for the offices. Power has
users at every step and one grid for what is made and bought: of it any other step is a taker, and
what is bought is held against use by the site's balance alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, within
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, Value, significant
from benchmarks.routes import Pack
from reporting_agent.config.site_boundary import Conversion, Flow, SiteBoundary
from reporting_agent.pipeline.provisos.beside_the_meters import USUAL, size_of
from reporting_agent.pipeline.sitewide import SiteTotals

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
