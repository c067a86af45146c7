"""Rows of the batches file as `Batch` records; what a row says that is no batch goes to the rejected rows."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, State, Status
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from reporting_agent.pipeline.units import to_output_unit
from reporting_agent.sources import Rejected, Table


def batches_of(table: Table, pack: Pack) -> tuple[list[Batch], list[Rejected]]:
    """The batches in the order of the file, and the rows whose step, variant or unit the pack does not know."""
    steps = {step.id: step for step in pack.steps}
    made: list[Batch] = []
    refused: list[Rejected] = []
    variables = [name for name in table.columns if name.startswith("var.")]
    inputs = [name for name in table.columns if name.startswith("input.") and not name.endswith(".unit")]
    names = tuple(table.columns)
    for index, cells in enumerate(zip(*table.columns.values(), strict=True)):
        row = dict(zip(names, cells, strict=True))
        step = steps.get(row["step"])
        place = table.place(index)
        if step is None:
            refused.append(_refused(place, "step", row, "the pack has no such step", ", ".join(steps)))
            continue
        try:
            in_output_unit = to_output_unit(row["output_unit"], step)
        except InputError as wrong:
            refused.append(_refused(place, "output_unit", row, wrong.sentence, wrong.wanted or step.output_unit))
            continue
        values = {name.removeprefix("var."): float(row[name]) for name in variables if row[name] is not None}
        values |= dict(_inputs(row, inputs))
        made.append(
            Batch(
                batch_id=row["batch_id"],
                step=step.id,
                product=row["product"] or step.product,
                variant=row["variant"],
                start=row["start"],
                end=row["end"],
                output_t=row["output_quantity"] * in_output_unit,
                equipment=row["equipment"],
                status=Status(row["status"]),
                state=State(row["state"]),
                reject_t=row["reject_quantity"] * in_output_unit,
                variables=values,
                parents=tuple(parent.strip() for parent in (row["parent_batch_ids"] or "").split(";") if parent.strip()),
                place=place,
            )
        )
    _refuse_if_no_step_fits(table, made, refused)
    return made, refused


def _inputs(row: dict[str, object], names: list[str]) -> Iterator[tuple[str, float]]:
    for name in names:
        if isinstance(amount := row[name], float):
            unit = row.get(f"{name}.unit")
            yield name, amount * (ratio(str(unit), "t") if unit else 1.0)


def _refused(place: Place, column: str, row: dict[str, object], reason: str, wanted: str) -> Rejected:
    where = Place(place.file, place.row, column)
    return Rejected(where, reason, repr(row[column]), wanted, tuple("" if value is None else str(value) for value in row.values()))


def _refuse_if_no_step_fits(table: Table, made: list[Batch], refused: list[Rejected]) -> None:
    if refused and not made:
        first = refused[0]
        raise InputError(
            "no-batch-fits-the-pack",
            f"No row of the file is a batch of this pack: {first.reason}.",
            "Correct the column, map its words under values in the mapping profile, or name another pack.",
            place=first.place,
            found=first.found,
            wanted=first.wanted,
        )
