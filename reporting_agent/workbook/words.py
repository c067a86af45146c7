"""Headings and sentences of the workbook in any language of the catalogue, and what a heading
means.

A workbook is answered in the language of its headings.

What a heading of the workbook means: a column of the template, or a carrier with its unit.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.carriers import CARRIERS, named
from benchmarks.catalogue import in_language, languages
from benchmarks.errors import InputError
from benchmarks.foreign_files import LONGEST_HEADING
from benchmarks.phrases import Phrase, Value
from benchmarks.quantities import ratio
from reporting_agent.sources.cells import plain

Lang = str

SHEETS: Mapping[str, Phrase] = {
    "runs": Phrase("Runs"),
    "about": Phrase("About"),
    "labels": Phrase("Labels"),
    "unread": Phrase("Not read"),
}

COLUMNS: Mapping[str, Phrase] = {
    "batch_id": Phrase("Run"),
    "step": Phrase("Step"),
    "equipment": Phrase("Machine"),
    "product": Phrase("Product"),
    "start": Phrase("Start"),
    "end": Phrase("End"),
    "output_quantity": Phrase("Output"),
    "output_unit": Phrase("Output unit"),
    "status": Phrase("Good, scrap or test"),
}
"""Of the sheet of runs; beside them stands one column an energy carrier, "Electricity kWh" or "电力
kWh".
"""

STATUS: Mapping[str, Phrase] = {
    "good": Phrase("good"),
    "scrap": Phrase("scrap"),
    "test": Phrase("test"),
}

SETTINGS: Mapping[str, Phrase] = {
    "name": Phrase("Firm"),
    "timezone": Phrase("Time zone"),
    "uncertainty_pct": Phrase("Meter uncertainty, %"),
    "currency": Phrase("Currency"),
    "price": Phrase("Price of %(carrier)s, per %(unit)s"),
    "lhv": Phrase("Heating value of %(carrier)s, MJ per %(unit)s"),
}

RESULTS: Mapping[str, Phrase] = {
    "value": Phrase("Used, %(unit)s"),
    "label": Phrase("Label, %(unit)s"),
    "gap": Phrase("Gap, %(energy)s"),
    "uncertain": Phrase("of this within meter uncertainty, %(energy)s"),
    "unexplained": Phrase("of this unexplained, %(energy)s"),
    "money": Phrase("Unexplained, %(currency)s"),
    "left_out": Phrase("Left out because"),
    "step": Phrase("Step"),
    "product": Phrase("Product"),
    "used": Phrase("Runs used"),
    "read": Phrase("Runs read"),
    "best": Phrase("Label (best that was robustly reached)"),
    "typical": Phrase("Typical (median)"),
    "mean": Phrase("Mean, by output"),
    "unit": Phrase("Unit"),
    "energy": Phrase("Energy in"),
    "as_beside": Phrase("as in “Energy in”"),
    "no_label": Phrase("Why there is no label"),
    "sheet": Phrase("Sheet"),
    "row": Phrase("Row"),
    "column": Phrase("Column"),
    "found": Phrase("Found"),
    "wanted": Phrase("Expected"),
    "reason": Phrase("Why"),
}

BESIDE_RUNS = ("value", "label", "gap", "uncertain", "unexplained", "money", "left_out")
"""The columns of the copy at the right of the runs, for each metric; `money` where every price is
known.
"""

NOTES: Mapping[str, Phrase] = {
    "rule": Phrase(
        "The label of a product is the value that a quarter of its valid runs reach or beat "
        "(p25), from at least %(fewest)s valid runs."
    ),
    "bounds": Phrase(
        "A run below a fifth of its product's median or above five times the median is left out: "
        "its reading or its unit is wrong."
    ),
    "gap": Phrase(
        "A gap is not waste. Within the meter uncertainty of %(uncertainty)s %% no conclusion is "
        "possible. The rest is unexplained: "
        "the table does not say why, so nothing is called avoidable."
    ),
    "money": Phrase(
        "Money is at the prices of the sheet %(about)s. Where a run uses several carriers, its "
        "mean price is used."
    ),
    "no_money": Phrase("No money is shown: a price is missing for %(carriers)s."),
    "lhv_needed": Phrase(
        "For kgce, enter the heating value of %(carriers)s in the sheet %(about)s: see the "
        "supplier's bill. Or give the amount in GJ."
    ),
    "factors": Phrase("kgce by %(edition)s, calorific basis."),
    "software": Phrase(
        "Made by Steplabel %(version)s from this workbook alone. Everything here is exact and "
        "stays with you."
    ),
    "unused": Phrase(
        "Nothing here comes from %(columns)s. A column counts where its heading is the "
        "template's, or a carrier with its unit, such as "
        "%(example)s."
    ),
    "other_sheets": Phrase(
        "Not read: %(sheets)s. Runs are read from one sheet alone, here %(sheet)s. Put all runs "
        "there."
    ),
    "fill": Phrase(
        "One row per run: a batch, a shift or a day on one machine. Leave empty what you do not "
        "know; write 0 where none was used."
    ),
    "units": Phrase("Name an energy column by carrier and unit. Add or rename: %(examples)s."),
    "then": Phrase("Then: steplabel-agent label %(file)s"),
}

_OF_A_CELL = {
    "a number": Phrase("a number, typed as a number and not as text"),
    "a date and time": Phrase("a date and time, such as 2026-05-14 08:30"),
    "one of good": Phrase("one of good, scrap, test"),
}
"""What is wanted of a cell, by how a file says it: a workbook has no mapping profile to declare
decimal signs or orders of dates in.
"""


def tell(words: Phrase, lang: Lang, **values: Value) -> str:
    """The words in the workbook's language, with what varies in them filled in."""
    return in_language(Phrase(words, **values), lang)


def cell_fault(text: str, lang: Lang) -> str:
    """What is said of a row that could not be read, in the workbook's language."""
    return in_language(of_a_cell(text), lang)


def of_a_cell(text: str) -> str:
    """What is wanted of a cell, without what only a mapping profile could declare."""
    return next((words for start, words in _OF_A_CELL.items() if text.startswith(start)), text)


_LEAST_KNOWN = 3  # headings, for a row to be the header


@dataclass(frozen=True, slots=True)
class EnergyColumn:
    """A column of energy: its heading as written, the carrier, and the unit that the heading
    gives.
    """

    heading: str
    carrier: str
    unit: str


@dataclass(frozen=True, slots=True)
class Headings:
    """The header row understood: template column -> heading as written, and the columns of
    energy.
    """

    row: int
    lang: Lang
    columns: dict[str, str]
    energy: tuple[EnergyColumn, ...]
    unused: tuple[
        str, ...
    ]  # of the firm's own columns, or of those whose heading could not be understood

    @property
    def known(self) -> int:
        """How many of the headings say all that is wanted of them: a carrier without a unit may be
        a title.
        """
        return len(self.columns) + sum(bool(column.unit) for column in self.energy)


def understand(rows: Sequence[tuple[int, Sequence[object]]]) -> Headings | None:
    """The first of the rows that holds at least three known headings; None where no row does."""
    best: Headings | None = None
    for row, cells in rows:
        for lang in languages():
            headings = _of_row(
                row,
                [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()],
                lang,
            )
            if headings.known >= _LEAST_KNOWN and (best is None or headings.known > best.known):
                best = headings
        if best is not None:
            return best
    return None


def _of_row(row: int, texts: Sequence[str], lang: Lang) -> Headings:
    by_word = {_compared(tell(words, lang)): name for name, words in COLUMNS.items()}
    columns: dict[str, str] = {}
    energy: list[EnergyColumn] = []
    unused: list[str] = []
    for text in texts:
        if len(text) > LONGEST_HEADING:
            unused.append(text)
        elif (name := by_word.get(_compared(text))) is not None and name not in columns:
            columns[name] = text
        elif (column := _energy(text, lang)) is not None:
            energy.append(column)
        elif not _is_a_result(text, lang):
            unused.append(text)
    return Headings(row, lang, columns, tuple(energy), tuple(unused))


def _compared(heading: str) -> str:
    """A heading without what a spreadsheet changes in it: line breaks within a cell, blanks,
    full-width signs, case.
    """
    return "".join(plain(heading).split()).casefold()


def _is_a_result(heading: str, lang: Lang) -> bool:
    """Whether the column is one that an earlier copy of the workbook had beside its runs."""
    return heading.startswith(_results(lang))


@lru_cache(maxsize=8)
def _results(lang: Lang) -> tuple[str, ...]:
    """How the headings of results begin."""
    return tuple(
        tell(RESULTS[name], lang, unit="\0", energy="\0", currency="\0").partition("\0")[0]
        for name in BESIDE_RUNS
    )


_AROUND_A_UNIT = f"{string.whitespace}\u00a0\u2009\u202f\u3000,，()（）"


@lru_cache(maxsize=8)
def _carrier_names(lang: Lang, ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names of these carriers in that language, folded, and their ids: the longest name first."""
    names = ((carrier_name(id_, lang).casefold(), id_) for id_ in ids)
    return sorted(names, key=lambda pair: -len(pair[0]))


def _energy(text: str, lang: Lang) -> EnergyColumn | None:
    """`Natural gas Nm3`, `Natural gas (Nm3)`, with a full-width comma too: the longest carrier's
    name that the heading begins with; or any other word for a carrier. The unit is empty where the
    heading gives none. A carrier's meter, price or supplier is no amount of it."""
    behind = {
        id_: text[len(name) :].strip(_AROUND_A_UNIT)
        for name, id_ in _carrier_names(lang, tuple(CARRIERS))
        if text.casefold().startswith(name)
    }
    for id_, rest in behind.items():
        if _is_of_an_amount(rest):
            return EnergyColumn(text, id_, rest)
    mention = named(text)
    if mention is not None and not mention.per_output and mention.unit != "%":
        if mention.unit is None and CARRIERS[mention.carrier].form in {"medium", "heat"}:
            return None  # `heat` is what melt shops call a batch
        return EnergyColumn(text, mention.carrier, mention.unit or "")
    return next(
        (EnergyColumn(text, id_, rest) for id_, rest in behind.items() if _says_an_amount(rest)),
        None,
    )


def _is_of_an_amount(unit: str) -> bool:
    """Whether the text is a unit that somebody may give an amount of energy in, or takes for one:
    kW for kWh, m3 for Nm3, tons.
    """
    for measure in ("MJ", "kW", "t", "Nm3", "m3", "kgce"):
        try:
            ratio(unit, measure)
        except InputError as refusal:
            if refusal.code == "unit-ambiguous":
                return True
            continue
        return True
    return False


_HEADING_WORDS = tomllib.loads(
    (Path(__file__).parent / "heading_words.toml").read_text(encoding="utf-8")
)


def _says_an_amount(rest: str) -> bool:
    """Whether what stands behind a carrier's name has a unit in it: an amount that cannot be read,
    which must not be passed over.
    """
    words = [word for word in re.split(r"[\s,，()（）\[\]【】:：]+", rest) if word]
    folded = {word.casefold() for word in words}
    if "/" in rest or any(
        word in folded or (word[0] >= "\u3000" and word in rest)
        for word in _HEADING_WORDS["of_money"]
    ):
        return False
    return not folded.isdisjoint(_HEADING_WORDS["further_units"]) or any(
        map(_is_of_an_amount, words)
    )


def carrier_name(id_: str, lang: Lang) -> str:
    """The carrier's name in that language, capitalised as a heading."""
    name = CARRIERS[id_].words.said_in(lang)
    return name[0].upper() + name[1:]
