"""Checks that the opened records come out again from the plant's readings and rows, as often as
these give them, and at the rank and grid point that the table says.

Each leaf of a batch that was committed to twice is true by itself. Copies are equal in value, so
they stand side by side in the tree, but a draw may open one of them alone. So a used record that
was opened is looked for as well in the leaves of which only the hash is shown: a proof begins with
that of the leaf beside its own. How surely this finds copies stands in docs/audit.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from benchmarks.audit.arrangement import headline
from benchmarks.audit.committed_tree import salt_of
from benchmarks.audit.counts import NEARLY, beyond_counts, miscounted, of_headline, values_of_used
from benchmarks.audit.evidence import (
    CheckOutcome,
    Evidence,
    check_held,
    failed,
    named,
    of_no_readings,
    same,
)
from benchmarks.audit.records import of_batch, read
from benchmarks.declared import Words, worded
from benchmarks.measurements import Batch, Direction
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire.merkle import leaf_hash

_DIGITS = 9
"""Significant: two figures that differ in more than a sum's order do so among these."""


def beside(index: int, opened: Batch, recomputed: Sequence[Batch]) -> Words:
    """The record with what differs in it, as it was opened and as it is recomputed; alone where
    nothing was recomputed or told apart.
    """
    record = named(index, opened)
    if not recomputed:
        return record
    opened_figures, recomputed_figures = _figures(opened), _figures(recomputed[0])
    differing = [
        name
        for name in dict.fromkeys((*opened_figures, *recomputed_figures))
        if opened_figures.get(name) != recomputed_figures.get(name)
    ]
    if not differing:
        return record
    return worded(
        "%(record)s; opened: %(opened)s; recomputed: %(recomputed)s",
        record=record,
        opened=_listed(opened_figures, differing),
        recomputed=_listed(recomputed_figures, differing),
    )


def _listed(figures: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} = {figures.get(name, '-')}" for name in names)


def _figures(batch: Batch) -> dict[str, str]:
    """By the names of the log's columns, which are the same in every language."""
    figures = {
        "product": batch.product,
        "variant": batch.variant,
        "equipment": batch.equipment,
        "start": f"{batch.start:%Y-%m-%d %H:%M:%S}",
        "end": "" if batch.end is None else f"{batch.end:%Y-%m-%d %H:%M:%S}",
        "output_quantity": _shown(batch.output),
        "reject_quantity": _shown(batch.reject),
        "status": str(batch.status),
        "state": str(batch.state),
        "excluded": batch.excluded or "",
    }
    figures |= {f"var.{name}": _shown(value) for name, value in batch.variables.items()}
    for energy in batch.energy:
        carrier = (
            energy.carrier
            if energy.direction is Direction.IMPORT
            else f"{energy.carrier} ({energy.direction})"
        )
        figures[carrier] = ", ".join(
            part
            for part in (figures.get(carrier), f"{_shown(energy.quantity)} {energy.unit}")
            if part
        )
    return {name: value for name, value in figures.items() if value}


def _shown(number: float) -> str:
    return f"{number:,.{_DIGITS}g}"


def surplus(evidence: Evidence) -> dict[int, Batch]:
    """By leaf, the batches that stand in the tree more often than the rows give them.

    A record that the rows do not give at all is none: whatever of it does not come out is another
    check's.
    """
    end = max(
        (part.excluded_first + part.excluded for part in evidence.contents.steps), default=0
    )  # what stands behind is in no label
    opened = {
        index: of_batch(batch, batch.excluded)
        for index, batch in evidence.batches.items()
        if index < end
    }
    batches = {record: evidence.batches[index] for index, record in opened.items()}
    indices_of: dict[bytes, list[int]] = {}
    for index, record in sorted([*opened.items(), *_known_by_hash(evidence, opened)]):
        indices_of.setdefault(record, []).append(index)
    beyond: dict[int, Batch] = {}
    for record, indices in indices_of.items():
        times_in_rows = evidence.recomputed(batches[record])[record]
        if times_in_rows:
            beyond |= dict.fromkeys(indices[times_in_rows:], batches[record])
    return beyond


def _known_by_hash(evidence: Evidence, opened: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Leaves that were not opened and hold a used record of their cell that was."""
    opening, contents = evidence.opening, evidence.contents
    beside = {leaf.index ^ 1: leaf.proof[0] for leaf in opening.leaves if leaf.proof}
    for cell in (cell for part in contents.steps for cell in part.cells):
        within = range(cell.first, cell.first + cell.used)
        records = {record for index, record in opened.items() if index in within}
        for index, shown in beside.items():
            if index in within and index not in opened:
                salt = salt_of(opening.key, index)
                for record in records:
                    if leaf_hash(salt + record) == shown:
                        yield index, record


def readings_committed(evidence: Evidence) -> CheckOutcome:
    """The readings shown are those that were committed to: every day of them has its digest in the
    tree.
    """
    code = "readings-committed"
    if not evidence.contents.meters and not evidence.shown:
        return of_no_readings(code)
    wrong = list(_days_at_odds(evidence))
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "The readings of %(wrong)s day are not those that were committed to.",
                "The readings of %(wrong)s days are not those that were committed to.",
                wrong=f"{len(wrong):,}",
            ),
            Phrase(
                "The readings were changed after the root was logged. Keep the opening, and read "
                "the meters' own memory on site."
            ),
            wrong,
        )
    number = len(evidence.shown)
    return check_held(
        code,
        in_number(
            number,
            "The only day of readings shown has the digest that was committed to.",
            "All %(number)s days of readings shown have the digest that was committed to.",
            number=f"{number:,}",
        ),
        number,
    )


def records_recomputed(evidence: Evidence) -> CheckOutcome:
    """Every batch opened is what its readings and rows give."""
    code, opened = "records-recomputed", sorted(evidence.batches.items())
    wrong = [
        beside(index, batch, _recomputed(evidence, batch))
        for index, batch in opened
        if _differs(evidence, batch)
    ]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s of %(opened)s records differs from what the plant's readings and rows "
                "give.",
                "%(wrong)s of %(opened)s records differ from what the plant's readings and rows "
                "give.",
                wrong=f"{len(wrong):,}",
                opened=f"{len(opened):,}",
            ),
            Phrase(
                "Compare the record with the meter's own memory and the batch log on site. The "
                "correct value is shown beside the record."
            ),
            wrong,
        )
    return check_held(
        code,
        in_number(
            len(opened),
            "The only batch record opened can be recomputed from the readings and rows, and is "
            "the same as the one committed to.",
            "All %(opened)s batch records can be recomputed from the readings and rows, and are "
            "the same as those committed to.",
            opened=f"{len(opened):,}",
        ),
        len(opened),
    )


def records_with_evidence(evidence: Evidence) -> CheckOutcome:
    """No batch opened is without rows, or in the tree more often than in them, and where others
    have readings none is without energy.
    """
    code, opened, beyond = (
        "records-with-evidence",
        sorted(evidence.batches.items()),
        surplus(evidence),
    )
    wrong = [named(index, batch) for index, batch in opened if _is_without(evidence, batch)]
    wrong += [
        worded("%(record)s: more often than in the rows", record=named(index, batch))
        for index, batch in sorted(beyond.items())
    ]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s record is for a batch that is not in the plant's rows and readings, or "
                "not as often.",
                "%(wrong)s records are for batches that are not in the plant's rows and readings, "
                "or not as often.",
                wrong=f"{len(wrong):,}",
            ),
            Phrase(
                "Look for the batch in the plant's production system. A batch that was never made "
                "lowers a label just as a false "
                "reading does."
            ),
            wrong,
        )
    return check_held(
        code,
        in_number(
            len(opened),
            "The only opened batch is in the plant's rows, as often as it was committed to, with "
            "energy in its readings or rows.",
            "All %(opened)s batches are in the plant's rows, as often as they were committed to, "
            "with energy in its readings or rows.",
            opened=f"{len(opened):,}",
        ),
        len(opened),
    )


def exclusions_justified(evidence: Evidence) -> CheckOutcome:
    """Every batch that was left out is left out by its stated rule when it is computed again, and
    for the same reason.
    """
    code = "exclusions-justified"
    excluded = [
        (index, batch)
        for index, batch in sorted(evidence.batches.items())
        if batch.excluded is not None
    ]
    wrong = [
        _with_reasons(
            named(index, batch), batch.excluded or "", ", ".join(sorted(_reasons(evidence, batch)))
        )
        for index, batch in excluded
        if _is_unjustified(evidence, batch)
    ]
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s of %(excluded)s exclusions is not justified by the plant's rows and "
                "readings.",
                "%(wrong)s of %(excluded)s exclusions are not justified by the plant's rows and "
                "readings.",
                wrong=f"{len(wrong):,}",
                excluded=f"{len(excluded):,}",
            ),
            Phrase(
                "Check on site what happened in these batches. An exclusion without its reason "
                "lowers the label."
            ),
            wrong,
        )
    return check_held(
        code,
        in_number(
            len(excluded),
            "The only exclusion that was opened is justified by its stated rule.",
            "All %(excluded)s exclusions that were opened are justified by their stated rule.",
            excluded=f"{len(excluded):,}",
        ),
        len(excluded),
    )


def ranks_and_counts(evidence: Evidence) -> CheckOutcome:
    """Used batches stand in the order of their values, and each lies at the point of the grid at
    which it was counted.
    """
    code, opened = "ranks-and-counts", 0
    by_record = evidence.pack.policy.unit == "record"
    wrong: list[Words] = []
    for step, cell, values in values_of_used(evidence):
        opened += len(values)
        counted = of_headline(evidence, step, cell)
        wrong += [named(index, evidence.batches[index]) for index in _out_of_order(values)]
        if counted is not None and by_record:
            if counted.batches != cell.used:
                name = f"{step.id}/{cell.product}/{cell.variant}"
                both = worded(
                    "%(name)s: %(used)s used, %(batches)s counted",
                    name=name,
                    used=f"{cell.used:,}",
                    batches=f"{counted.batches:,}",
                )
                wrong.append(both)
            wrong += [
                named(index, evidence.batches[index])
                for index in miscounted(values, cell, counted, headline(step))
            ]
    wrong += beyond_counts(evidence) if by_record else ()
    wrong = [
        record for position, record in enumerate(wrong) if record not in wrong[:position]
    ]  # out of order and miscounted: one record
    if wrong:
        return failed(
            code,
            in_number(
                len(wrong),
                "%(wrong)s record is not at the rank, or not at the grid point, at which the "
                "label counted it.",
                "%(wrong)s records are not at the rank, or not at the grid point, at which the "
                "label counted them.",
                wrong=f"{len(wrong):,}",
            ),
            Phrase(
                "The label does not follow from these records: have it recomputed on site from "
                "the plant's files."
            ),
            wrong,
        )
    return check_held(
        code,
        in_number(
            opened,
            "The only used batch that was opened is at its rank and was counted at the grid point "
            "of its value.",
            "All %(seen)s used batches that were opened are at their rank and were counted at the "
            "grid point of their value.",
            seen=f"{opened:,}",
        ),
        opened,
    )


def _days_at_odds(evidence: Evidence) -> Iterator[Words]:
    """Days shown of which no leaf was opened, or another one, and drawn days that are not shown.
    Like the tree, they are of the report's whole time, earlier years of a pooled label among it.
    """
    committed = {(day.meter, day.start_us) for day in evidence.days.values()}
    yield from (
        same(f"{meter}, {_date(start_us)}")
        for meter, start_us in sorted(evidence.shown.keys() - committed)
    )
    for index, day in sorted(evidence.days.items()):
        shown = evidence.shown.get((day.meter, day.start_us))
        if shown is None and any(leaf.position == index for leaf in evidence.drawn):
            yield worded(
                "%(meter)s, %(date)s: not shown", meter=day.meter, date=_date(day.start_us)
            )
        elif shown is not None and shown != day:
            yield same(f"{day.meter}, {_date(day.start_us)}")


def _differs(evidence: Evidence, batch: Batch) -> bool:
    """Not what is computed, and for no other reason than its figures."""
    return (
        not _comes_out(evidence, batch)
        and not _is_without(evidence, batch)
        and not _is_unjustified(evidence, batch)
    )


def _is_without(evidence: Evidence, batch: Batch) -> bool:
    """No row, or no energy at all where the record has some."""
    recomputed = _recomputed(evidence, batch)
    without_energy = bool(batch.energy) and not any(
        energy.completeness > 0 for counterpart in recomputed for energy in counterpart.energy
    )
    return not _comes_out(evidence, batch) and (not recomputed or without_energy)


def _is_unjustified(evidence: Evidence, batch: Batch) -> bool:
    return (
        batch.excluded is not None
        and not _is_without(evidence, batch)
        and batch.excluded not in _reasons(evidence, batch)
    )


def _reasons(evidence: Evidence, batch: Batch) -> set[str]:
    return {counterpart.excluded or "none" for counterpart in _recomputed(evidence, batch)}


def _comes_out(evidence: Evidence, batch: Batch) -> bool:
    return of_batch(batch, batch.excluded) in evidence.recomputed(batch)


def _recomputed(evidence: Evidence, batch: Batch) -> list[Batch]:
    return [record for raw in evidence.recomputed(batch) if isinstance(record := read(raw), Batch)]


def _out_of_order(values: dict[int, float]) -> list[int]:
    """Leaves whose value is below one at an earlier leaf, or is none."""
    wrong, highest = [], -np.inf
    for index, value in values.items():
        if not value >= highest - NEARLY * abs(value):
            wrong.append(index)
        else:
            highest = max(highest, value)
    return wrong


def _with_reasons(record: Words, stated: str, computed: str) -> Words:
    return worded(
        "%(record)s: %(stated)s, computed: %(computed)s",
        record=record,
        stated=stated,
        computed=computed,
    )


def _date(start_us: int) -> str:
    return f"{datetime.fromtimestamp(start_us / 1e6, UTC):%Y-%m-%d}"
