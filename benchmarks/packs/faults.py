"""A fault of a pack, and the refusal of a pack that has some: an author is told all of them at
once, not one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase

MOST_TOLD = 20  # of one pack at once; the rest may go with them


@dataclass(frozen=True, slots=True)
class PackFault:
    """One thing that does not hold: where in the pack, what was found (as written there, or in
    words), what is wanted.
    """

    place: str
    found: str
    wanted: str


class FaultyPack(InputError):  # noqa: N818 - named for what is refused, as its family
    """A pack with faults; `place`, `found` and `wanted` are of the first of them."""

    def __init__(
        self, code: str, sentence: str, remedy: str, path: Path, faults: Sequence[PackFault]
    ) -> None:
        first = faults[0]
        super().__init__(
            code,
            sentence,
            remedy,
            place=Place(str(path), column=first.place),
            found=first.found,
            wanted=first.wanted,
        )
        self.file, self.faults = str(path), tuple(faults)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "faults": [asdict(fault) for fault in self.faults]}

    def in_words(self, language: str) -> str:
        lines: list[str] = [
            Phrase(
                "%(where)s: %(what)s", where=self.file, what=in_language(self.sentence, language)
            )
        ]
        lines += [
            Phrase(
                "  %(place)s: found %(found)s; needed %(wanted)s",
                place=fault.place,
                found=fault.found,
                wanted=fault.wanted,
            )
            for fault in self.faults[:MOST_TOLD]
        ]
        if (more := len(self.faults) - MOST_TOLD) > 0:
            lines.append(Phrase("  and %(count)s more", count=more))
        lines.append(Phrase("  remedy: %(remedy)s", remedy=in_language(self.remedy, language)))
        return "\n".join(in_language(line, language) for line in lines) + f" [{self.code}]"
