"""What a heading of the workbook means: a column of the template, or a carrier with its unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import languages
from reporting_agent.workbook.words import COLUMNS, Lang, tell

_LEAST_KNOWN = 3  # headings, for a row to be the header


@dataclass(frozen=True, slots=True)
class EnergyColumn:
    """A column of energy: its heading as written, the carrier, and the unit that the heading gives."""

    heading: str
    carrier: str
    unit: str


@dataclass(frozen=True, slots=True)
class Headings:
    """The header row understood: template column -> heading as written, and the columns of energy."""

    row: int
    lang: Lang
    columns: dict[str, str]
    energy: tuple[EnergyColumn, ...]
    unknown: tuple[str, ...]


def understand(rows: Sequence[tuple[int, Sequence[object]]]) -> Headings | None:
    """The first of the rows that holds at least three known headings; None where no row does."""
    best: Headings | None = None
    for row, cells in rows:
        for lang in languages():
            headings = _of_row(row, [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()], lang)
            known = len(headings.columns) + len(headings.energy)
            if known >= _LEAST_KNOWN and (best is None or known > len(best.columns) + len(best.energy)):
                best = headings
        if best is not None:
            return best
    return None


def _of_row(row: int, texts: Sequence[str], lang: Lang) -> Headings:
    by_word = {tell(words, lang).casefold(): name for name, words in COLUMNS.items()}
    columns: dict[str, str] = {}
    energy: list[EnergyColumn] = []
    unknown: list[str] = []
    for text in texts:
        if (name := by_word.get(text.casefold())) is not None and name not in columns:
            columns[name] = text
        elif (column := _energy(text, lang)) is not None:
            energy.append(column)
        else:
            unknown.append(text)
    return Headings(row, lang, columns, tuple(energy), tuple(unknown))


def _energy(text: str, lang: Lang) -> EnergyColumn | None:
    """`Natural gas Nm3`, `Natural gas (Nm3)`, `天然气，Nm3`: the longest carrier's name that the heading begins with."""
    plain = text.casefold()
    named = sorted(((carrier_name(id_, lang).casefold(), id_) for id_ in CARRIERS), key=lambda pair: -len(pair[0]))
    for name, id_ in named:
        if plain.startswith(name):
            unit = re.sub(r"^[\s,，(（]+|[)）\s]+$", "", text[len(name) :])
            return EnergyColumn(text, id_, unit) if unit else None
    return None


def carrier_name(id_: str, lang: Lang) -> str:
    """The carrier's name in that language, capitalised as a heading."""
    name = CARRIERS[id_].words.said_in(lang)
    return name[0].upper() + name[1:]
