"""Which encoding a text file is in, told by the words of its first rows where its bytes leave it
open.

Bytes above 127 that are no UTF-8 can be decoded in several ways, to other letters each. In one of
them the header holds words that plants write; where in none it does, Windows-1252 and GBK are told
apart by their pairs of bytes, as the reader does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.door.vocabulary import VOCABULARY
from reporting_agent.sources.encodings import decodes, head, looks_western, recognise

_CANDIDATES = ("gb18030", "cp1252", "cp1254", "cp1251", "cp932", "cp1250", "big5", "cp949")
_ROWS = 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text file's encoding, the evidence for it (none where it need not be declared), and the
    others that may be meant as well.
    """

    name: str
    because: str = ""
    others: tuple[str, ...] = ()


def encoding_of(path: Path) -> Encoding:
    """By its bytes, else by the words of its header, else by its accented letters; what none of
    these shows is asked.
    """
    try:
        encoding = recognise(path)
    except InputError as unclear:
        if unclear.code not in {"encoding-ambiguous", "encoding-unknown"}:
            raise
        encoding = "cp1252"
    if encoding.startswith("utf"):
        return Encoding(encoding)
    raw = head(path, 1 << 16)
    candidates = {
        name: words
        for name in _CANDIDATES
        if (words := _known_words(raw, name)) and decodes(path, name)
    }
    best = max(candidates, key=lambda name: len(candidates[name]), default=None)
    if best is not None:
        return Encoding(
            best, Phrase("its header then says %(words)s", words=enumerated(candidates[best][:3]))
        )
    if encoding != "cp1252":
        return Encoding(encoding, Phrase("recognised as GBK"))
    sample = repr(_where_it_matters(raw))
    if looks_western(raw):
        return Encoding(
            encoding,
            Phrase(
                "accented letters stand before plain ones: %(text)s reads as Windows-1252",
                text=sample,
            ),
        )
    possible = tuple(name for name in _CANDIDATES if decodes(path, name))
    return Encoding(
        encoding,
        Phrase("the bytes are neither UTF-8 nor GBK: %(text)s in Windows-1252", text=sample),
        possible,
    )


def _known_words(raw: bytes, encoding: str) -> list[str]:
    """Words of the vocabulary among the first rows that hold a byte above 127, as this encoding has
    them.
    """
    lines = raw.decode(encoding, "replace").splitlines()[:_ROWS]
    cells = {
        cell.strip(' "')
        for line in lines
        if not line.isascii()
        for cell in re.split(r"[,;\t|]", line)
    }
    return sorted(cell for cell in cells if not cell.isascii() and VOCABULARY.knows(cell))


def _where_it_matters(raw: bytes) -> str:
    where = next((index for index, byte in enumerate(raw) if byte > 0x7F), 0)
    return " ".join(raw[max(0, where - 12) : where + 12].decode("cp1252", "replace").split())
