"""Energy with a column a carrier, as the template has it: a row a carrier, all with the number of
the row they stand in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config.profile import CarrierColumn
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.sheets import BrokenRow, Sheet

COLUMNS = ("carrier", "quantity", "unit", "direction", "lhv", "lhv_unit", "lhv_source")


def spread(sheet: Sheet, carriers: Mapping[str, CarrierColumn]) -> Sheet:
    """The sheet with one row for each carrier's column.

    Raises:
        InputError: a column is missing or stands twice.
    """
    index_of: dict[str, int] = {}
    for carrier, column in carriers.items():
        if sheet.header.count(column.column) != 1:
            raise InputError(
                "header-twice" if column.column in sheet.header else "column-missing",
                Phrase(
                    "The file has no column, or more than one, for %(carrier)s.", carrier=carrier
                ),
                "Correct its column under [mapping.energy.carriers].",
                place=Place(sheet.file, column=column.column),
                found=", ".join(name for name in sheet.header if name) or Phrase("no headers"),
                wanted=column.column,
            )
        index_of[carrier] = sheet.header.index(column.column)
    own = [
        index
        for index in range(len(sheet.header))
        if index not in index_of.values() and sheet.header[index] not in COLUMNS
    ]
    header = (*(sheet.header[index] for index in own), *COLUMNS)
    return Sheet(sheet.file, header, _rows(sheet, carriers, index_of, own))


def _rows(
    sheet: Sheet,
    carriers: Mapping[str, CarrierColumn],
    index_of: Mapping[str, int],
    own: Sequence[int],
) -> Iterator[tuple[int, Sequence[Cell]]]:
    width = len(sheet.header)
    for row, raw in sheet.rows:
        if (
            isinstance(raw, BrokenRow)
            or len(raw) < width
            or any(cell not in (None, "") for cell in raw[width:])
        ):
            yield (
                row,
                raw if isinstance(raw, BrokenRow) else raw[: len(own)],
            )  # told as a row of another width
        elif any(cell is not None and cell != "" for cell in raw):
            for carrier, column in carriers.items():
                heat = column.lhv, column.lhv_unit or None, column.lhv_source
                yield (
                    row,
                    (
                        *(raw[index] for index in own),
                        carrier,
                        raw[index_of[carrier]],
                        column.unit,
                        column.direction,
                        *heat,
                    ),
                )
