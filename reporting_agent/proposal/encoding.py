"""Which encoding a text file is in, told by the words of its first rows where its bytes leave it open.

Bytes above 127 that are no UTF-8 can be decoded in several ways, to other letters each. In one of them the header holds words that
plants write; where in none it does, Windows-1252 and GBK are told apart by their pairs of bytes, as the reader does.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.errors import InputError
from reporting_agent.proposal.vocabulary import VOCABULARY
from reporting_agent.sources.encodings import decodes, head, looks_western, recognise

_CANDIDATES = ("gb18030", "cp1252", "cp1254", "cp1251", "cp932", "cp1250", "big5", "cp949")
_ROWS = 20


def encoding_of(path: Path) -> tuple[str, str]:
    """The encoding and the evidence for it; no evidence where it need not be declared (UTF-8, UTF-16)."""
    try:
        encoding = recognise(path)
    except InputError as unclear:
        if unclear.code not in {"encoding-ambiguous", "encoding-unknown"}:
            raise
        encoding = "cp1252"
    if encoding.startswith("utf"):
        return encoding, ""
    raw = head(path, 1 << 16)
    told = {name: words for name in _CANDIDATES if (words := _known_words(raw, name)) and decodes(path, name)}
    best = max(told, key=lambda name: len(told[name]), default=None)
    if best is not None:
        return best, f"its header then says {', '.join(told[best][:3])}"
    return (encoding, _western(raw)) if encoding == "cp1252" else (encoding, "recognised as GBK")


def _known_words(raw: bytes, encoding: str) -> list[str]:
    """Words of the vocabulary among the first rows that hold a byte above 127, as this encoding has them."""
    lines = raw.decode(encoding, "replace").splitlines()[:_ROWS]
    cells = {cell.strip(' "') for line in lines if not line.isascii() for cell in re.split(r"[,;\t|]", line)}
    return sorted(cell for cell in cells if not cell.isascii() and VOCABULARY.knows(cell))


def _western(raw: bytes) -> str:
    where = next((place for place, byte in enumerate(raw) if byte > 0x7F), 0)
    sample = raw[max(0, where - 12) : where + 12].decode("cp1252", "replace")
    sure = "accented letters stand before plain ones" if looks_western(raw) else "the bytes are neither UTF-8 nor GBK"
    return f"{sure}: {' '.join(sample.split())!r} reads as Windows-1252"
