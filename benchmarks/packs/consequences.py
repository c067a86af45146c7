"""Whose labels a changed pack moves, and between which annual means a plant gains or loses a level
of a limit: by the two packs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from benchmarks.measurements import Metric
from benchmarks.packs.changed_numbers import NumberChange, changed_numbers
from benchmarks.packs.changes import SOURCES, FieldChange, changes
from benchmarks.packs.provenance import NumberRole
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Step
from benchmarks.standard_limits import StandardLimit

MOVES_NOTHING = SOURCES | {"words", "product_words", "limits"}
"""Fields of a step that move neither its labels nor what is released of them."""

_MOVES_NO_LABEL = MOVES_NOTHING | {
    *("typical", "spread", "released"),  # of what is released, not of the label
    *("grid_lower", "grid_upper", "grid_width", "most_records_a_day"),
}
ANY_COUNTS = (float("-inf"), float("inf"))
"""Between which heating values of a carrier a batch counts that a pack says nothing usual of."""
_SAYS_ONLY = SOURCES | {
    "words",
    "clause",
    "grades",
}  # of a limit: what decides nothing, and what is told level by level


@dataclass(frozen=True, slots=True)
class LabelsMove:
    """Labels of a step that come out otherwise where a plant uses what differs; by how much only
    its batches tell.
    """

    step: str
    because: tuple[str, ...]  # fields of the step, carriers whose factor differs

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        return Phrase(
            "  %(step)s: because of %(because)s", step=self.step, because=", ".join(self.because)
        )


@dataclass(frozen=True, slots=True)
class GradeMoves:
    """A level of a limit, before corrections, in `unit`; None where a side has none. Level 0: for
    whom it holds, or how, differs.
    """

    step: str
    limit: str
    standard: str
    level: int
    unit: str
    before: float | None = None
    after: float | None = None
    because: tuple[str, ...] = ()  # for level 0: fields of the limit

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        if not self.level:
            return Phrase(
                "  %(limit)s: %(because)s differ; the pack alone does not show for which plants",
                limit=f"{self.step} {self.limit}",
                because=", ".join(self.because),
            )
        before, after = (
            Phrase("none") if value is None else f"{value:g}" for value in (self.before, self.after)
        )
        line = Phrase(
            "  %(limit)s level %(level)s: %(before)s -> %(after)s %(unit)s",
            limit=f"{self.step} {self.limit}",
            level=self.level,
            before=before,
            after=after,
            unit=self.unit,
        )
        if self.between is None:
            return line
        low, high = (f"{end:g}" for end in self.between)
        if self.takes:
            return Phrase(
                "%(told)s; before corrections, annual means above %(low)s and up to %(high)s no "
                "longer meet it",
                told=line,
                low=low,
                high=high,
            )
        return Phrase(
            "%(told)s; before corrections, annual means above %(low)s and up to %(high)s now meet "
            "it",
            told=line,
            low=low,
            high=high,
        )

    @property
    def between(self) -> tuple[float, float] | None:
        """Above the first and up to the second, an annual mean meets the level by one version
        alone; None where one side has no value.
        """
        return (
            None
            if self.before is None or self.after is None
            else (min(self.before, self.after), max(self.before, self.after))
        )

    @property
    def takes(self) -> bool:
        """Whether plants lose the level, else they gain it."""
        return self.after is None or (self.before is not None and self.after < self.before)


def labels_move(old: Pack, new: Pack) -> tuple[LabelsMove, ...]:
    """The steps of both versions whose labels differ somewhere, each with what differs."""
    both = [step.id for step in new.steps if step.id in {earlier.id for earlier in old.steps}]
    fields, numbers = changes(old, new), changed_numbers(old, new)
    pairs = (
        (step, tuple(dict.fromkeys(_because(step, old, new, fields, numbers)))) for step in both
    )
    return tuple(LabelsMove(step, because) for step, because in pairs if because)


def _because(
    step: str, old: Pack, new: Pack, fields: Sequence[FieldChange], numbers: Sequence[NumberChange]
) -> Iterator[str]:
    with_factor, measured = (
        of(old.step(step)) | of(new.step(step)) for of in (_with_factor, _burnt)
    )
    for change in fields:
        match change.where:
            case ("steps", found, *rest) if found == step and _MOVES_NO_LABEL.isdisjoint(rest):
                yield ".".join(rest)
            case ("own_carriers", carrier, "kind" | "unit") if carrier in with_factor:
                yield carrier
            case ("own_carriers", carrier, "lhv" | "kg_per_nm3", *_) if (
                carrier in measured | with_factor
            ):
                yield carrier
            case ("standard_basis",):
                yield "standard_basis"
    usual_before, usual_after = (counts_without_reason(pack, step) for pack in (old, new))
    yield from sorted(
        carrier
        for carrier in measured
        if usual_before.get(carrier, ANY_COUNTS) != usual_after.get(carrier, ANY_COUNTS)
    )
    for number in numbers:
        role, _colon, path = number.path.partition(": ")
        carrier = path.partition(".")[0]
        if (role == NumberRole.FACTOR.value and carrier in with_factor) or (
            role == NumberRole.HEATING.value and carrier in measured
        ):
            yield carrier


def counts_without_reason(pack: Pack, step: str) -> dict[str, tuple[float, float] | None]:
    """By carrier, between which heating values a batch counts without a reason; None where none
    does.
    """
    return {
        carrier: (usual.least, usual.most)
        if usual.admits and usual.least is not None and usual.most is not None
        else None
        for carrier, usual in pack.usual_heat(step).items()
    }


def _with_factor(step: Step) -> set[str]:
    """Carriers whose factor can enter a label: what must be measured takes none, nor does a step
    compared in electricity alone.
    """
    if all(metric.metric is Metric.ELECTRICITY for metric in step.metrics):
        return set()
    boundary = step.boundary
    return {*boundary.carriers, *boundary.counted, *boundary.credited, *boundary.media} - {
        *boundary.measured
    }


def _burnt(step: Step) -> set[str]:
    """Carriers whose heating value can leave a batch out, whatever the metric."""
    boundary = step.boundary
    return {*boundary.carriers, *boundary.counted, *boundary.credited}


def grades_move(old: Pack, new: Pack) -> tuple[GradeMoves, ...]:
    """Every level of a limit that is not the same, and every limit that holds for others, at
    another time or by another rule.
    """
    return tuple(_grades_move(old, new))


def _grades_move(old: Pack, new: Pack) -> Iterator[GradeMoves]:
    before, after = _limits(old), _limits(new)
    fields = changes(old, new)
    for key in dict.fromkeys((*after, *before)):
        former, other = before.get(key), after.get(key)
        limit = other or former
        assert limit is not None  # noqa: S101  # the key is from one of them
        step, id_ = key
        pairs = zip_longest(former.grades if former else (), other.grades if other else ())
        for level, (was, is_) in enumerate(pairs, 1):
            if was != is_:
                yield GradeMoves(step, id_, limit.standard, level, limit.unit, was, is_)
        if (
            former is not None
            and other is not None
            and (because := tuple(_of_limit(fields, step, id_)))
        ):
            yield GradeMoves(step, id_, limit.standard, 0, limit.unit, because=because)


def _limits(pack: Pack) -> dict[tuple[str, str], StandardLimit]:
    return {(step.id, limit.id): limit for step in pack.steps for limit in step.limits}


def _of_limit(fields: Iterable[FieldChange], step: str, limit: str) -> Iterator[str]:
    for change in fields:
        match change.where:
            case ("steps", at, "limits", name, *rest) if (at, name) == (
                step,
                limit,
            ) and _SAYS_ONLY.isdisjoint(rest):
                yield ".".join(rest)
