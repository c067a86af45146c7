"""The tables of docs/faults.md: kinds with their rates and reasons, and the last scoring of the
long form.
"""

from __future__ import annotations

from pathlib import Path

from fixtures.simulator.works import KINDS
from fixtures.simulator.works.kinds import Struck
from tests.functional.every_fault.codes import CODES

DOCUMENT = Path(__file__).parents[3] / "docs" / "faults.md"


def kinds() -> str:
    """What is put in, how often, why so often, and by which finding it is told."""
    lines = ["| kind | rate at x1 | why this rate | told as |", "|---|---|---|---|"]
    for kind in KINDS:
        if kind.struck is Struck.FORM:
            rate, codes = "every row", "read as meant"
        else:
            rate = (
                f"{kind.rate:.0%} of loggers"
                if kind.struck is Struck.LOGGER
                else f"{kind.rate:,g} {kind.struck.value}"
            )
            codes = ", ".join(f"`{code}`" for code in sorted(CODES[kind.id]))
        lines.append(f"| `{kind.id}` | {rate} | {kind.reason} | {codes} |")
    return "\n".join(lines)


def filled(text: str, tables: dict[str, str]) -> str:
    """The document with each table between its markers."""
    for name, table in tables.items():
        begin, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
        if begin not in text or end not in text:
            raise LookupError(
                f"{DOCUMENT.name} has no place for the table {name!r}: {begin} ... {end}"
            )
        before, rest = text.split(begin, 1)
        text = f"{before}{begin}\n{table}\n{end}{rest.split(end, 1)[1]}"
    return text


def write(scored: str) -> None:
    """Bring both tables up to date."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(filled(text, {"kinds": kinds(), "score": scored}), encoding="utf-8")
