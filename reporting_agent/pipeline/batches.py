"""Rows of the batches file as `Batch` records, those that are none rejected; numbers missing
between batches numbered in series.

Numbers missing between batches that are numbered one after another: records that never came, or
were taken out.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from benchmarks.carriers import CARRIERS, by_id, named
from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, DataFinding, OperatingState, ProductStatus, Severity
from benchmarks.phrases import Phrase, in_number
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.metering.tally import PLACES_KEPT
from reporting_agent.pipeline.units import to_output_unit
from reporting_agent.sources import RejectedRow, Table

Densities = tuple[tuple[str, float | None], ...]
"""kg/Nm3 by carrier."""


def batches_of(table: Table, pack: Pack) -> tuple[list[Batch], list[RejectedRow]]:
    """The batches in the order of the file, and the rows whose step, variant or unit the pack does
    not know.
    """
    steps = {step.id: step for step in pack.steps}
    batches: list[Batch] = []
    refused: list[RejectedRow] = []
    columns = table.columns
    variables = [
        (name.removeprefix("var."), columns[name]) for name in columns if name.startswith("var.")
    ]
    inputs = [name for name in columns if name.startswith("input.") and not name.endswith(".unit")]
    densities = tuple(
        (id_, carrier.kg_per_nm3) for id_, carrier in by_id(pack.own_carriers).items()
    )
    statuses = {text: ProductStatus(text) for text in set(columns["status"])}
    states = {text: OperatingState(text) for text in set(columns["state"])}
    names = (
        "step",
        "output_unit",
        "batch_id",
        "product",
        "variant",
        "start",
        "end",
        "output_quantity",
        "equipment",
        "status",
        "state",
    )
    for index, cells in enumerate(
        zip(
            *(columns[name] for name in (*names, "reject_quantity", "parent_batch_ids")),
            strict=True,
        )
    ):
        (
            name,
            unit,
            batch_id,
            product,
            variant,
            start,
            end,
            quantity,
            equipment,
            status,
            state,
            rejected,
            parents,
        ) = cells
        step = steps.get(name)
        place = table.place(index)
        if step is None:
            refused.append(
                _refused(
                    place,
                    "step",
                    _row(table, index),
                    Phrase("the pack has no such step"),
                    ", ".join(steps),
                )
            )
            continue
        try:
            in_output_unit = to_output_unit(unit, step)
        except InputError as wrong:
            table.unread.append(_row(table, index))
            refused.append(
                _refused(
                    place,
                    "output_unit",
                    _row(table, index),
                    wrong.sentence,
                    wrong.wanted or step.output_unit,
                )
            )
            continue
        values = {
            variable: float(column[index])
            for variable, column in variables
            if column[index] is not None
        }
        if inputs:
            values |= dict(_inputs(table, index, inputs, densities))
        batches.append(
            Batch(
                batch_id=batch_id,
                step=step.id,
                product=product or step.product,
                variant=variant,
                start=start,
                end=end,
                output=quantity * in_output_unit,
                equipment=equipment,
                status=statuses[status],
                state=states[state],
                reject=rejected * in_output_unit,
                variables=values,
                parents=tuple(parent.strip() for parent in parents.split(";") if parent.strip())
                if parents
                else (),
                place=place,
            )
        )
    _refuse_if_no_step_fits(table, batches, refused)
    return batches, refused


def _row(table: Table, index: int) -> dict[str, object]:
    return {name: column[index] for name, column in table.columns.items()}


def _inputs(
    table: Table, index: int, names: list[str], densities: Densities
) -> Iterator[tuple[str, float]]:
    """What was charged, in t; gas whose density is not known in Nm3. `densities` are those of the
    pack's own carriers.

    Raises:
        InputError: the unit measures neither; names file, row and column.
    """
    for name in names:
        if isinstance(amount := table.columns[name][index], float):
            unit = table.columns.get(f"{name}.unit", {index: None})[index]
            try:
                yield name, amount * (_scale(name, str(unit), densities) if unit else 1.0)
            except InputError:
                raise InputError(
                    "unit-mismatch",
                    "The unit of an input is not a unit of mass.",
                    "Give the input in a unit of mass (t, kg), or in Nm3 for a gas that is an "
                    "energy carrier or a working medium. "
                    "Otherwise remove the column from the file or from its mapping.",
                    place=table.place(index, f"{name}.unit"),
                    found=repr(unit),
                    wanted="t, kg"
                    if (what := named(name)) is None
                    else f"t, kg, {CARRIERS[what.carrier].unit}",
                ) from None


@lru_cache(maxsize=256)
def _scale(name: str, unit: str, densities: Densities) -> float:
    try:
        return ratio(unit, "t")
    except InputError:
        if (what := named(name)) is None or CARRIERS[what.carrier].unit != "Nm3":
            raise
        density = dict(densities).get(what.carrier, CARRIERS[what.carrier].kg_per_nm3)
        return ratio(unit, "Nm3") * (1.0 if density is None else density / 1000)


def _refused(
    place: Place, column: str, row: dict[str, object], reason: str, wanted: str
) -> RejectedRow:
    where = Place(place.file, place.row, column)
    return RejectedRow(
        where,
        reason,
        repr(row[column]),
        wanted,
        tuple("" if value is None else str(value) for value in row.values()),
    )


def _refuse_if_no_step_fits(table: Table, batches: list[Batch], refused: list[RejectedRow]) -> None:
    if refused and not batches:
        first = refused[0]
        raise InputError(
            "no-batch-fits-the-pack",
            Phrase("No row of the file is a batch of this pack: %(reason)s.", reason=first.reason),
            "Correct the column, map its words under values in the mapping profile, or name "
            "another pack.",
            place=first.place,
            found=first.found,
            wanted=first.wanted,
        )


FEWEST = 50  # batches of one series; fewer prove no numbering
# share of the numbers between the first and the last that must be there: else they number something
# else as well
DENSE = 0.5
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")


def missing_before(batches: Sequence[Batch]) -> dict[int, int]:
    """By index of a batch, how many numbers are missing between it and the one before it in its
    series.

    A series is what stands before the number, at one step and equipment. A number that other
    equipment of the step holds is not missing.
    """
    series: dict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
    of_step: dict[tuple[str, str], set[int]] = defaultdict(set)
    for index, batch in enumerate(batches):
        if matched := _NUMBERED.fullmatch(batch.batch_id):
            number = int(matched[2])
            series[batch.step, batch.equipment, matched[1]].setdefault(number, index)
            of_step[batch.step, matched[1]].add(number)
    missing: dict[int, int] = {}
    for (step, _, prefix), numbered in series.items():
        numbers = sorted(numbered)
        if len(numbers) < FEWEST or len(numbers) < DENSE * (numbers[-1] - numbers[0] + 1):
            continue
        numbers_of_step = of_step[step, prefix]
        for number in sorted(set(range(numbers[0], numbers[-1])) - numbers_of_step):
            after = numbered[numbers[bisect(numbers, number)]]
            missing[after] = missing.get(after, 0) + 1
    return missing


def missing_numbers(batches: Sequence[Batch]) -> list[DataFinding]:
    """One finding over all series, of what is missing before batches of the period."""
    before = missing_before(batches)
    missing = {
        index: count
        for index, count in before.items()
        if batches[index].excluded != ExclusionReason.OUTSIDE_PERIOD
    }
    if not missing:
        return []
    after = [batches[index] for index in missing]
    places = tuple(batch.place for batch in after[:PLACES_KEPT] if batch.place is not None)
    text = in_number(
        sum(missing.values()),
        "%(count)s batch number is missing between the existing ones: its record never arrived.",
        "%(count)s batch numbers are missing between the existing ones (places: %(places)s): "
        "their records never arrived.",
        count=f"{sum(missing.values()):,}",
        places=f"{len(after):,}",
    )
    return [DataFinding("number-missing", Severity.NOTICE, text, sum(missing.values()), places)]
