"""What the demo tells of guidance on its last line: practices in the library, one participant's
score, what the sector would save.

All of it is read as a page reads it: the library of the portal, the standing of the manager's site,
the version in force. Output alone is the simulator's, for the portal knows none: on the page of the
sector a reader types it in.
"""

from __future__ import annotations

from typing import Any

from benchmarks.phrases import Phrase, in_number
from fixtures.simulator import Sector
from portal.accounts.models import User
from portal.catalogue.models import ReportingPeriod
from portal.demo.cast import MANAGER
from portal.practices import selectors as practices
from portal.publication.in_force import in_force_at
from portal.standings.selectors import where_we_stand
from portal.web.presenters.ladders import HEADLINE_UNIT, TotalsDisplay
from portal.web.presenters.potentials import added_up, potential_of
from portal.web.words.terms import Names

TO = "best"
"""What the potential is told against: all firms come down to the industry's best."""
KGCE_PER_TCE = 1000


def of(sector: Sector, period: ReportingPeriod) -> dict[str, Any]:
    """`value` and `interval` (95 %) are null where nothing is told: fewer than 26 sites have no
    score, held values no potential.
    """
    return {
        "practices": len(practices.library().practices),
        "score": _score(sector, period),
        "potential_tce": _potential(sector, period),
    }


def as_text(guidance: dict[str, Any]) -> Phrase:
    """The same in a line, for who reads along."""
    score, saved = guidance["score"], guidance["potential_tce"]
    of_score = Phrase("no score of fewer than 26 sites")
    if score["interval"] is not None:
        low, high = score["interval"]
        of_score = Phrase(
            "%(site)s scores %(low)s to %(high)s", site=score["site"], low=low, high=high
        )
    of_saving = Phrase("no potential is let out")
    if saved["interval"] is not None:
        value, low, high = (f"{tonnes:,.0f}" for tonnes in (saved["value"], *saved["interval"]))
        of_saving = Phrase(
            "at its best the sector would take %(value)s tce a year less (95 %%: %(low)s to "
            "%(high)s)",
            value=value,
            low=low,
            high=high,
        )
    count = guidance["practices"]
    return in_number(
        count,
        "Guidance: %(count)s practice; %(score)s; %(saving)s.",
        "Guidance: %(count)s practices; %(score)s; %(saving)s.",
        count=count,
        score=of_score,
        saving=of_saving,
    )


def _score(sector: Sector, period: ReportingPeriod) -> dict[str, Any]:
    """Of the first plant at the step of the route that takes most energy. The interval is the
    score; `value` is its middle.
    """
    plant = sector.plants[0]
    standing = where_we_stand(User.objects.get(email=MANAGER), plant.site, period.name)
    scored = [step for step in standing.steps if step.score is not None] if standing else []
    if not scored:
        return {"value": None, "interval": None, "site": plant.site}
    ratios = {
        route_step.step: float(route_step.ratio) for route_step in sector.pack.routes[0].steps
    }
    most = max(
        scored,
        key=lambda step: (
            (step.unit == "kgce/t") * (step.typical or 0.0) * ratios.get(step.step, 0.0)
        ),
    )
    low, high = most.score or (0, 0)
    details = {"site": plant.site, "step": most.step, "metric": most.metric, "of": most.of}
    return {"value": (low + high) / 2, "interval": [low, high], **details}


def _potential(sector: Sector, period: ReportingPeriod) -> dict[str, Any]:
    """In tonnes of coal equivalent a year, of the steps whose potential the gate let out, at the
    year's output of all plants.
    """
    group = period.peer_group
    view = in_force_at(group.pack, group.scope.path, group.route, period.name)
    steps = view.label.headline if view and view.label.composite.unit == HEADLINE_UNIT else []
    shown = TotalsDisplay(Names.of(group.pack, group.pack_version), group.route)
    potentials = {
        step.step: potential
        for step in steps
        if (potential := potential_of(step, TO, shown)) is not None
    }
    scope = {"to": TO, "steps": len(potentials), "of_steps": len(sector.pack.routes[0].steps)}
    if not potentials:
        return {"value": None, "interval": None, **scope}
    last = sector.pack.routes[0].steps[-1].step
    output_t = sum(
        float(history.output.sum())
        for plant in sector.plants
        for history in plant.histories
        if history.step.id == last
    )
    value, (low, high) = added_up([*potentials.values()])
    tonnes = output_t / KGCE_PER_TCE
    return {
        "value": value * tonnes,
        "interval": [low * tonnes, high * tonnes],
        "output_t": output_t,
        **scope,
    }
