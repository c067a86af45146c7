"""Joint runs: one run of one equipment that made several products, and how its energy is divided.

Rows of one step and equipment with different products or variants are one where they carry the same
batch id, or, with metered energy, begin and end together on a named equipment. In this order:

1. where they follow one another and energy is metered, each is a batch, named `ID/PRODUCT`, cut at
   the changeover;
2. where `[[joint]]` gives ratios, energy (and overlapping time) is divided by output x ratio;
3. else the run is excluded as `joint-run`.

Parts are differences of running sums on the grid of 2^-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, pairwise

from benchmarks.labels.waste import GRID
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import SiteSettings

JOINT_RUN = "joint-run"
PLACES_KEPT = 20
Key = tuple[str, str]  # step and batch id


@dataclass(frozen=True, slots=True)
class JointRuns:
    """The batches with every joint run as one, and the rows that each of them was."""

    batches: list[Batch]
    parts: Mapping[Key, tuple[Batch, ...]]
    findings: list[DataFinding]


def merged(batches: Sequence[Batch], *, by_time: bool) -> JointRuns:
    """Find joint runs before anything is metered; `by_time` where no energy is given per batch."""
    if _each_alone(batches):
        return JointRuns(list(batches), {}, [])
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, batch in enumerate(batches):
        groups.setdefault(("id", batch.step, batch.equipment, batch.batch_id), []).append(index)
        if by_time and batch.equipment and batch.end is not None and batch.end > batch.start:
            groups.setdefault(
                ("time", batch.step, batch.equipment, batch.start, batch.end), []
            ).append(index)
    replaced: dict[int, Batch | None] = {}
    parts: dict[Key, tuple[Batch, ...]] = {}
    consecutive: list[Batch] = []
    for indices in groups.values():
        rows = [batches[index] for index in indices]
        if len({(row.product, row.variant) for row in rows}) < 2 or any(
            index in replaced for index in indices
        ):
            continue
        if by_time and follow_one_another(rows):
            replaced |= {
                index: replace(row, batch_id=named(row))
                for index, row in zip(indices, rows, strict=True)
            }
            consecutive += rows
        else:
            whole = _whole(rows)
            replaced |= {index: whole if index == indices[0] else None for index in indices}
            parts[whole.step, whole.batch_id] = tuple(rows)
    runs = [
        run
        for index, batch in enumerate(batches)
        if (run := replaced.get(index, batch)) is not None
    ]
    return JointRuns(runs, parts, list(_changeovers(consecutive)))


def split(
    batches: Sequence[Batch], parts: Mapping[Key, tuple[Batch, ...]], site: SiteSettings
) -> tuple[list[Batch], list[DataFinding]]:
    """Divide the joint runs, once their energy is known."""
    ratios = {setting.step: setting.ratios for setting in site.joint}
    separated: list[Batch] = []
    divided: list[Batch] = []
    left: list[Batch] = []
    for batch in batches:
        rows = parts.get((batch.step, batch.batch_id))
        if rows is None:
            separated.append(batch)
            continue
        weights = [_weight(row, ratios.get(batch.step, {})) for row in rows]
        known_weights = [weight for weight in weights if weight is not None]
        if len(known_weights) < len(rows) or not sum(known_weights) > 0:
            separated.append(replace(batch, excluded=batch.excluded or JOINT_RUN))
            left.append(batch)
        else:
            separated += _divided(batch, rows, known_weights)
            divided.append(batch)
    return separated, [*_by_ratio(divided), *_not_divided(left)]


def _each_alone(batches: Sequence[Batch]) -> bool:
    """No id and no beginning stands twice: the usual log, looked at once."""
    ids = {(batch.step, batch.batch_id) for batch in batches}
    return (
        len(ids)
        == len({(batch.step, batch.equipment, batch.start) for batch in batches})
        == len(batches)
    )


def follow_one_another(rows: Sequence[Batch]) -> bool:
    """Whether the rows follow one another: the log tells where the product changed."""
    ordered = sorted(rows, key=lambda row: row.start)
    return all(
        first.end is not None and first.end <= second.start for first, second in pairwise(ordered)
    )


def _whole(rows: Sequence[Batch]) -> Batch:
    first = rows[0]
    ends = [row.end for row in rows if row.end is not None]
    return replace(
        first,
        start=min(row.start for row in rows),
        end=max(ends) if len(ends) == len(rows) else None,
        output=sum(row.output for row in rows),
        reject=sum(row.reject for row in rows),
        parents=tuple(dict.fromkeys(parent for row in rows for parent in row.parents)),
    )


def named(row: Batch) -> str:
    return "/".join(part for part in (row.batch_id, row.product, row.variant) if part)


def _weight(row: Batch, ratios: Mapping[str, float]) -> float | None:
    ratio = ratios.get(row.variant, ratios.get(row.product))
    return None if ratio is None else ratio * row.output


def _divided(batch: Batch, rows: Sequence[Batch], weights: Sequence[float]) -> Iterator[Batch]:
    reached = [0.0, *accumulate(weights)]
    shares = [edge / reached[-1] for edge in reached]
    in_turn = follow_one_another(rows)
    for row, before, after in zip(rows, shares, shares[1:], strict=False):
        start, end = (
            (row.start, row.end)
            if in_turn or batch.end is None
            else _time(batch, batch.end, before, after)
        )
        yield replace(
            row,
            batch_id=named(row),
            start=start,
            end=end,
            energy=tuple(_part(entry, before, after) for entry in batch.energy),
            excluded=batch.excluded,
        )


def _time(batch: Batch, end: datetime, before: float, after: float) -> tuple[datetime, datetime]:
    length = end - batch.start
    return batch.start + length * before, end if after == 1.0 else batch.start + length * after


def _part(entry: CarrierEnergy, before: float, after: float) -> CarrierEnergy:
    quantity = (round(entry.quantity * after * GRID) - round(entry.quantity * before * GRID)) / GRID
    return replace(entry, quantity=quantity, allocated=True, of_joint_run=not entry.of_shared_meter)


def _changeovers(rows: Sequence[Batch]) -> Iterator[DataFinding]:
    if rows:
        yield _finding(
            "joint-run-cut",
            Severity.NOTICE,
            rows,
            Phrase(
                "rows share a batch id and follow one another with different products: each "
                "counts as a separate batch, cut at the "
                "changeover."
            ),
        )


def _by_ratio(runs: Sequence[Batch]) -> Iterator[DataFinding]:
    if runs:
        yield _finding(
            "joint-run-divided",
            Severity.WARNING,
            runs,
            Phrase(
                "runs made several products at once; their energy and time are divided by output "
                "and the ratios of [[joint]], not measured."
            ),
        )


def _not_divided(runs: Sequence[Batch]) -> Iterator[DataFinding]:
    if runs:
        yield _finding(
            JOINT_RUN,
            Severity.EXCLUSION,
            runs,
            Phrase(
                "runs made several products at once, and [[joint]] does not give a ratio for each "
                "of them: they count in the balance "
                "but in no label."
            ),
        )


def _finding(code: str, severity: Severity, runs: Sequence[Batch], what: Phrase) -> DataFinding:
    places = tuple(run.place for run in runs[:PLACES_KEPT] if run.place is not None)
    return DataFinding(
        code,
        severity,
        Phrase("%(count)s %(runs)s", count=f"{len(runs):,}", runs=what),
        len(runs),
        places,
    )
