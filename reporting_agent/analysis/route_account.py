"""The annual account of a route as types: what label.json, report and terminal show of it. Confidential; nothing of it leaves the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.labels import LimitGrade
from benchmarks.measurements import Metric
from benchmarks.routes import Limit, Words

Kind = Literal["step", "auxiliary", "shared", "losses", "residual", "conversion"]


@dataclass(frozen=True, slots=True)
class Part:
    """Energy of one kind in the account, in its energy unit, after `share`: what of it went into the route's product."""

    kind: Kind
    name: str  # id of the step, carrier or conversion
    energy: float
    share: float


@dataclass(frozen=True, slots=True)
class RouteAccount:
    """The account of the steps that one or several limits span; `value` in `unit`, None where something is `missing`.

    `uncertainty` is expanded (k = 2) and of the energy alone: how the product was weighed is not in it. `close` names the levels (from 1)
    that lie within it, so that meeting or missing them is not certain.
    """

    steps: tuple[str, ...]
    metric: Metric
    unit: str
    parts: tuple[Part, ...]
    output: float
    value: float | None
    uncertainty: float | None
    missing: tuple[tuple[str, Words], ...]
    limits: tuple[LimitGrade, ...]
    declared: tuple[Limit, ...]  # as the pack holds them, in the order of `limits`
    provisos: tuple[Words, ...] = ()  # what the site does not state, and the value takes to be nothing

    @property
    def best(self) -> LimitGrade | None:
        """The limit with the best level met."""
        return min((one for one in self.limits if one.best_met is not None), key=lambda one: one.best_met or 0, default=None)

    def close(self, limit: LimitGrade) -> tuple[int, ...]:
        """Levels of a limit that lie within the uncertainty of the value."""
        if self.value is None or self.uncertainty is None:
            return ()
        near = [level is not None and abs(level - self.value) < self.uncertainty for level in limit.limits]
        return tuple(place for place, one in enumerate(near, 1) if one)

    def to_json(self) -> dict[str, Any]:
        """One entry of `route_against_limits` in label.json."""
        return {
            "steps": list(self.steps),
            "metric": str(self.metric),
            "unit": self.unit,
            "basis": "annual",
            "value": self.value,
            "uncertainty": self.uncertainty,
            "uncertainty_of": "energy",
            "output": {"value": self.output, "unit": self.unit.partition("/")[2]},
            "parts": [{"kind": one.kind, "name": one.name, "energy": one.energy, "share": one.share} for one in self.parts],
            "energy_unit": self.unit.partition("/")[0],
            "provisos": [why.by_language for why in self.provisos],
            "missing": [{"code": code, "why": why.by_language} for code, why in self.missing],
            "limits": [
                {**tested.to_json(), "edition": held.source.edition, "clause": held.clause, "source": held.source.text}
                | {"within_uncertainty": list(self.close(tested))}
                for tested, held in zip(self.limits, self.declared, strict=True)
            ],
        }
