"""Two labellings of the same batches compared, by a pack and by a changed one: labels that come out
otherwise, other grades met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from benchmarks.label_keys import LabelKey, LabelKeyed
from benchmarks.phrases import Phrase

NONE_MET = "none met"
"""What stands in `GradeEffect` where a limit was tested and none of its levels met."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A label that comes out otherwise. Values in `unit`; None where one side has no such value."""

    step: str
    product: str
    variant: str
    metric: str
    value: str  # best, typical or mean
    unit: str
    before: float | None
    after: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "moved": None if self.before is None or self.after is None else self.after - self.before
        }

    def as_text(self) -> str:
        before, after = (
            Phrase("none") if value is None else f"{value:.6g}"
            for value in (self.before, self.after)
        )
        moved = (
            ""
            if self.before is None or self.after is None
            else f" ({self.after - self.before:+.6g} {self.unit})"
        )
        value = {"best": Phrase("best"), "typical": Phrase("typical"), "mean": Phrase("mean")}.get(
            self.value, self.value
        )
        of = f"{self.step} {self.variant} {self.metric}"
        return Phrase(
            "  %(of)s %(value)s: %(before)s -> %(after)s%(moved)s",
            of=of,
            value=value,
            before=before,
            after=after,
            moved=moved,
        )


@dataclass(frozen=True, slots=True)
class GradeEffect:
    """The best level of a limit that a site's year meets by either version: `2`, `none met`, or the
    code that says why it was not tested.

    None where one side has no such limit, or tests none.
    """

    step: str
    product: str
    variant: str
    metric: str
    limit: str
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        of = f"{self.step} {self.variant} {self.metric} {self.limit}"
        before, after = (
            Phrase("none met") if grade == NONE_MET else grade or Phrase("none")
            for grade in (self.before, self.after)
        )
        return Phrase("  %(of)s: %(before)s -> %(after)s", of=of, before=before, after=after)


class _Tested(Protocol):
    @property
    def limit(self) -> str: ...
    @property
    def best_met(self) -> int | None: ...
    @property
    def reason(self) -> str | None: ...


class _Graded(Protocol):
    @property
    def limits(self) -> Sequence[_Tested]: ...


class _Best(Protocol):
    @property
    def value(self) -> float | None: ...


class LabelledStep(LabelKeyed, Protocol):
    """What this room asks of a step's label, whatever room it comes from."""

    @property
    def unit(self) -> str: ...
    @property
    def best(self) -> _Best: ...
    @property
    def typical(self) -> float | None: ...
    @property
    def mean(self) -> float | None: ...
    @property
    def grade(self) -> _Graded: ...


def moved_labels(old: Iterable[LabelledStep], new: Iterable[LabelledStep]) -> list[Effect]:
    """Every best, typical value and mean that differs between two labellings of the same batches,
    to the last digit.
    """
    before, after = _values(old), _values(new)
    return [
        Effect(*key[:5], key[5], before.get(key), after.get(key))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    ]


def moved_grades(old: Iterable[LabelledStep], new: Iterable[LabelledStep]) -> list[GradeEffect]:
    """Every limit of one step of which another level is met."""
    before, after = _grades(old), _grades(new)
    return [
        GradeEffect(*key, before.get(key), after.get(key))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    ]


def _grades(labels: Iterable[LabelledStep]) -> dict[tuple[str, str, str, str, str], str]:
    return {
        (*LabelKey.of(label), limit.limit): limit.reason or str(limit.best_met or NONE_MET)
        for label in labels
        for limit in label.grade.limits
    }


def _values(
    labels: Iterable[LabelledStep],
) -> dict[tuple[str, str, str, str, str, str], float | None]:
    return {
        (*LabelKey.of(label), name, label.unit): value
        for label in labels
        for name, value in (
            ("best", label.best.value),
            ("typical", label.typical),
            ("mean", label.mean),
        )
    }
