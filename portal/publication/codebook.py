"""The codebook: every column of the published CSV with its unit, its meaning in both languages, and
where it comes from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import catalogue
from benchmarks.composition.rules import LADDERS
from benchmarks.csv_cells import csv_of
from benchmarks.phrases import Phrase

FIELDS = ("variable", "unit", "meaning_en", "meaning_zh", "source")
OWN = "unit of the row"
PACK, COMPOSED, GATE, PORTAL = "method pack", "composition", "disclosure gate", "publication"


@dataclass(frozen=True, slots=True)
class CodebookColumn:
    """One column. `unit` is a unit, `unit of the row` for the column `unit`, or empty for words and
    codes.
    """

    name: str
    unit: str
    source: str
    meaning: Phrase


def _curve() -> tuple[CodebookColumn, ...]:
    variables = []
    for percent in sorted({percent for ladder in LADDERS for percent in ladder}):
        name = f"p{percent}"
        variables += [
            CodebookColumn(
                name,
                OWN,
                COMPOSED,
                Phrase(
                    "value at or below which %(percent)s %% of the firms are with their own best "
                    "(not with their typical batch): the mean of the five firms around that rank",
                    percent=percent,
                ),
            ),
            CodebookColumn(
                f"{name}_low",
                OWN,
                COMPOSED,
                Phrase("lower end of the 95 %% interval of %(name)s", name=name),
            ),
            CodebookColumn(
                f"{name}_high",
                OWN,
                COMPOSED,
                Phrase("upper end of the 95 %% interval of %(name)s", name=name),
            ),
        ]
    return tuple(variables)


def _declared() -> Iterator[CodebookColumn]:
    """The columns of `codebook.toml`."""
    rows = tomllib.loads(Path(__file__).with_name("codebook.toml").read_text(encoding="utf-8"))[
        "columns"
    ]
    for name, row in rows.items():
        values = {key: value for key, value in row.items() if key not in ("unit", "source", "en")}
        yield CodebookColumn(name, row.get("unit", ""), row["source"], Phrase(row["en"], **values))


CODEBOOK = (*_declared(), *_curve())


def _over_years() -> tuple[CodebookColumn, ...]:
    """Columns of a sector over its years: those of a version that it keeps, then what moved."""
    columns = (
        *(
            "pack",
            "pack_version",
            "jurisdiction",
            "route",
            "period",
            "version",
            "published_on",
            "step",
            "product",
            "variant",
        ),
        *("boundary", "metric", "unit", "firms", "break_since", "breaks"),
    )
    by_name = {variable.name: variable for variable in CODEBOOK}
    meanings = {"best": by_name["best"].meaning, "typical": by_name["typical"].meaning}
    meanings["spread"] = Phrase(
        "difference between the firms' lower and upper quartile; a quartile between two tenths is "
        "taken as their midpoint"
    )
    meanings |= {name: by_name[name].meaning for name in ("saved_at_typical", "saved_at_best")}
    moved = Phrase("change since break_since; empty where something is defined differently")
    meanings |= {f"{name}_moved": moved for name in ("best", "typical", "spread")}
    figures = [
        CodebookColumn(
            f"{name}{end}", OWN, COMPOSED, by_name[f"best{end}"].meaning if end else meaning
        )
        for name, meaning in meanings.items()
        for end in ("", "_low", "_high")
    ]
    digest = CodebookColumn(
        "digest", "", PORTAL, Phrase("SHA-256 of the signed document that contains the figures")
    )
    return (*(by_name[name] for name in columns), *figures, digest)


OVER_YEARS = _over_years()
EVERY_COLUMN = (
    *CODEBOOK,
    *(
        variable
        for variable in OVER_YEARS
        if variable.name not in {column.name for column in CODEBOOK}
    ),
)


def codebook_csv() -> str:
    rows = (
        (
            variable.name,
            variable.unit,
            str(variable.meaning),
            catalogue.in_language(variable.meaning, "zh"),
            variable.source,
        )
        for variable in EVERY_COLUMN
    )
    return csv_of(FIELDS, rows)
