"""The group's report: the steps of its sites beside each other, and what closing to the group's
best would be worth to each.

Two labels stand beside each other only where pack and version, step, product, variant, metric,
boundary and unit are the same. The best of the group is the lowest label; a site's distance to it
is told of its typical batch, for that is what a better practice would move, with the uncertainty of
both labels (JCGM 100, k = 2, independent). A distance within it is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, NamedTuple

from benchmarks.guidance.causes import WasteCause
from extras.fleet.site_tasks import SiteStep, SiteTaskOutcome

SCHEMA = "steplabel/fleet/1"
LARGEST = 3  # causes told of a site


@dataclass(frozen=True, slots=True)
class CauseApart:
    """A named cause that takes more per output at this site than at the group's best. `here` and
    `at_best` are in the label's unit; 0 at the best is none found. `energy` and `money` are what
    the difference makes over the site's output."""

    cause: WasteCause
    here: float
    at_best: float
    energy: float
    money: float | None


@dataclass(frozen=True, slots=True)
class SiteAtStep:
    """One site at one step. `distance` = its typical batch - the group's best label; `energy` that
    times its output.
    """

    site: str
    step: SiteStep
    is_best: bool
    distance: float | None
    uncertainty: float | None
    energy: float | None
    money: float | None
    causes: tuple[CauseApart, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether the distance is more than the uncertainty of the two labels."""
        return self.distance is not None and self.distance > (self.uncertainty or 0.0)


class SameLabel(NamedTuple):
    """What two labels must have in common to be compared."""

    pack: str
    step: str
    product: str
    variant: str
    metric: str
    boundary: str
    unit: str

    @classmethod
    def of(cls, step: SiteStep) -> SameLabel:
        return cls(
            step.pack, step.step, step.product, step.variant, step.metric, step.boundary, step.unit
        )

    @property
    def energy_unit(self) -> str:
        return self.unit.partition("/")[0]


@dataclass(frozen=True, slots=True)
class GroupStep:
    """A label that sites of the group share, those with most to gain first; one site alone is
    compared with nothing.
    """

    label: SameLabel
    sites: tuple[SiteAtStep, ...]

    @property
    def name(self) -> str:
        """As `label` says it, in the language of the run."""
        return self.sites[0].step.name


def grouped(outcomes: Iterable[SiteTaskOutcome]) -> tuple[GroupStep, ...]:
    """Every step of the group, in the order in which sites first tell of it."""
    groups: dict[SameLabel, list[tuple[str, SiteStep]]] = {}
    for outcome in outcomes:
        for step in outcome.steps:
            groups.setdefault(SameLabel.of(step), []).append((outcome.site, step))
    return tuple(GroupStep(label, _standings(of_sites)) for label, of_sites in groups.items())


def _standings(of_sites: Sequence[tuple[str, SiteStep]]) -> tuple[SiteAtStep, ...]:
    best = min((step for _, step in of_sites), key=lambda step: step.best)
    rows = [_standing(site, step, best, alone=len(of_sites) == 1) for site, step in of_sites]
    return tuple(sorted(rows, key=lambda row: (not row.clear, -(row.energy or 0.0), row.site)))


def _standing(site: str, step: SiteStep, best: SiteStep, *, alone: bool) -> SiteAtStep:
    if alone or step.typical is None:
        return SiteAtStep(
            site,
            step,
            is_best=step is best and not alone,
            distance=None,
            uncertainty=None,
            energy=None,
            money=None,
        )
    distance = step.typical - best.best
    doubt = (
        None
        if step.uncertainty is None or best.uncertainty is None
        else hypot(step.uncertainty, best.uncertainty)
    )
    energy = distance * step.output
    money = None if step.money is None else energy * step.money
    return SiteAtStep(
        site,
        step,
        step is best,
        distance,
        doubt,
        energy,
        money,
        () if step is best else _causes_apart(step, best),
    )


def _causes_apart(step: SiteStep, best: SiteStep) -> tuple[CauseApart, ...]:
    """What the best of the group has less of, the largest first."""
    causes = []
    for name, energy in step.causes.items():
        here, at_best = energy / step.output, best.causes.get(name, 0.0) / best.output
        if WasteCause(name).named and here > at_best:
            more = (here - at_best) * step.output
            causes.append(
                CauseApart(
                    WasteCause(name),
                    here,
                    at_best,
                    more,
                    None if step.money is None else more * step.money,
                )
            )
    return tuple(sorted(causes, key=lambda cause: -cause.energy)[:LARGEST])


def as_json(
    name: str, period: str, outcomes: Sequence[SiteTaskOutcome], steps: Sequence[GroupStep]
) -> dict[str, Any]:
    """The group's report as a document. Confidential: it holds exact values of every site."""
    return {
        "schema": SCHEMA,
        "fleet": name,
        "period": period,
        "steps": [
            {
                **group.label._asdict(),
                "sites": [
                    {
                        "site": row.site,
                        "best": row.step.best,
                        "best_uncertainty": row.step.uncertainty,
                        "typical": row.step.typical,
                        "batches": row.step.used,
                        "batches_read": row.step.read,
                        "excluded": dict(row.step.excluded),
                        "output": row.step.output,
                        "is_best": row.is_best,
                        "distance": row.distance,
                        "distance_uncertainty": row.uncertainty,
                        "more_than_uncertainty": row.clear,
                        "energy": row.energy,
                        "energy_unit": group.label.energy_unit,
                        "money": row.money,
                        "currency": row.step.currency,
                        "causes": [asdict(cause) for cause in row.causes],
                    }
                    for row in group.sites
                ],
            }
            for group in steps
        ],
        "sites": [
            each.as_row() | {"prices": None if each.prices is None else asdict(each.prices)}
            for each in outcomes
        ],
    }
