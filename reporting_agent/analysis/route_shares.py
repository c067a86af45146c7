"""What of each step's product went into a route's, and what has to be stated for that: stock, sales, purchases."""

from __future__ import annotations

from math import fsum

from benchmarks.labels.validity import ONE_WEIGHING
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Words
from reporting_agent.analysis.figures import plain
from reporting_agent.analysis.route_draft import Draft

WEIGHING = 0.03
"""Of what following steps take of intermediates, that what was made may fall short by, once along the route: two belt scales of 2 % each,
k = 2 (a convention of ours). Less, and some was bought."""


def shares(draft: Draft) -> dict[str, float]:
    """By step, what of its product went into the route's: made - growth of stock - sold over made, along the route."""
    found, share, met = {draft.covered[-1]: 1.0}, 1.0, 1.0
    for step_id, following in zip(draft.covered[-2::-1], draft.covered[:0:-1], strict=True):
        part, met = _taken(draft, step_id, following, met)
        share *= part
        found[step_id] = share
    for step_id in draft.recovery:  # what is recovered of a product goes where the product goes
        product = draft.step(step_id).product
        found[step_id] = next(found[covered] for covered in draft.covered if draft.step(covered).product == product)
    return found


def _taken(draft: Draft, step_id: str, following: str, met: float) -> tuple[float, float]:
    """The share of a step's product that went into the next one's, and what of the need was met from here to the route's end (`met`: from
    the next step on): the error of weighing is allowed once for the chain."""
    stored = draft.step(step_id).product != draft.step(following).product
    purchases = [one for one in draft.site.bought_in if one.made_by == step_id and one.into in draft.covered]
    for bought in purchases:
        if bought.quantity:
            said = Phrase(
                "%(quantity)s %(unit)s of the product of %(step)s were bought in; what they took elsewhere is not known here.",
                quantity=plain(bought.quantity),
                unit=draft.step(step_id).output_unit,
                step=draft.named(step_id),
            )
            draft.lacks("bought-in", step_id, said)
    if stored and not purchases:
        said = Phrase(
            "This holds as far as none of the product of %(step)s was bought in, which the site does not state: what lies within the"
            " error of weighing (%(weighing)s %%) would not show, and the value would be too low by what that took elsewhere. State it"
            " under [[bought_in]], 0 where none was.",
            step=draft.named(step_id),
            weighing=f"{100 * WEIGHING:g}",
        )
        draft.provisos.append(Words.of(said))
    stocks = [one for one in draft.site.product_stocks if one.made_by == step_id and _of_period(draft, one.period)]
    made = draft.made(step_id)
    if stored and not stocks and step_id in draft.columns:
        said = Phrase(
            "What lay in store of the product of %(step)s is not stated: give [[product_stocks]] of %(id)s for this period.",
            step=draft.named(step_id),
            id=step_id,
        )
        draft.lacks("stock-not-stated", step_id, said)
    taken = made - fsum(one.closing - one.opening + one.sold for one in stocks)
    if stocks and (made <= 0 or taken <= 0):
        draft.lacks("stock-impossible", step_id, Phrase("%(step)s: stock and sales exceed what was made.", step=draft.named(step_id)))
    needed = _needed(draft, step_id, following)
    if made <= 0 or needed <= 0 or any(one.quantity for one in purchases):
        return (taken / made if made > 0 else 1.0), met
    short = 1 - taken / needed
    met *= min(1.0, taken / needed)
    if met < 1 - WEIGHING and short > 0:
        said = Phrase(
            "%(taken)s %(unit)s of the product of %(step)s went into what would take some %(needed)s: state what was bought under"
            " [[bought_in]], or what the log lacks.",
            taken=plain(taken),
            unit=draft.step(step_id).output_unit,
            step=draft.named(step_id),
            needed=plain(needed),
        )
        draft.lacks("bought-in-refuted" if purchases else "intermediate-short", step_id, said)
    elif short > ONE_WEIGHING:
        said = Phrase(
            "%(short)s %% less of the product of %(step)s was made than went into what followed. It lies within the error of weighing; the"
            " value is too low by as much of that step's energy if it was bought.",
            short=f"{100 * short:.2g}",
            step=draft.named(step_id),
        )
        draft.provisos.append(Words.of(said))
    return taken / made, met


def _needed(draft: Draft, step_id: str, following: str) -> float:
    """What the good product of the following step took of this one's: as its runs say, else the site, else by the reference ratio."""
    for route in draft.result.data.pack.routes:
        places = {place.step: place for place in route.steps}
        if step_id in places and following in places:
            reference = float(places[step_id].ratio / places[following].ratio)
            variable = places[step_id].share_variable
            stated = draft.site.static.get(variable or "")
            else_pct = stated if isinstance(stated, int | float) else 100 * reference
            return fsum(one.output_t * one.variables.get(variable or "", else_pct) / 100 for one in draft.good(following))
    return 0.0


def _of_period(draft: Draft, stated: str) -> bool:
    period, other = draft.result.site_label.period, Period.parse(stated, draft.site.zone)
    return (other.start, other.end) == (period.start, period.end)
