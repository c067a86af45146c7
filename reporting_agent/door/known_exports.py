"""Exports of meters that are known by name and are no tables: which they are, and what to export in
their place.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.sources.encodings import BROKEN_ARCHIVE, head

_TABLE = Phrase("a table: a stamp in each row, and a column of values")
_SIGNS: tuple[tuple[tuple[bytes, ...], Phrase, Phrase], ...] = (
    (
        (b"naesb.org/espi", b"<espi:", b"IntervalBlock"),
        Phrase("The file is a Green Button export (ESPI XML)."),
        Phrase(
            "On the utility's page choose the CSV in place of the XML (Download my data, CSV), and "
            "name that file."
        ),
    ),
    (
        (b"100,NEM12", b"100,NEM13"),
        Phrase("The file is a NEM12 or NEM13 file of the Australian market."),
        Phrase(
            "Ask the retailer or the meter data provider for the detailed CSV, with a stamp in "
            "each row, and name that file."
        ),
    ),
    (
        (b"UNA:+", b"UNB+UNO"),
        Phrase("The file is an EDIFACT message, such as MSCONS."),
        Phrase(
            "On the grid operator's or retailer's page choose the load profile as CSV or XLSX, and "
            "name that file."
        ),
    ),
)


def refuse(path: Path) -> None:
    """InputError `export-known` where the file begins as one of these."""
    if not path.is_file():
        return
    try:
        begin = head(path)
    except (*BROKEN_ARCHIVE, OSError, zlib.error, InputError):
        return  # what is wrong with it is told where it is read
    for signs, sentence, remedy in _SIGNS:
        if any(sign in begin for sign in signs):
            raise InputError(
                "export-known",
                sentence,
                remedy,
                place=Place(str(path)),
                found=begin[:40].decode("ascii", "replace"),
                wanted=_TABLE,
            )
