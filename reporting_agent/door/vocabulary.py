"""The words that plants write, in twelve languages (words.toml): headers, units, words in cells;
and the encoding of a text by them, where its bytes leave it open.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError
from benchmarks.foreign_files import MOST_COLUMNS
from benchmarks.phrases import Phrase, enumerated
from benchmarks.quantities import SPELLINGS, TWO_MEANINGS
from reporting_agent.sources.cells import plain
from reporting_agent.sources.file_bytes import decodes, head, looks_western, recognise
from reporting_agent.sources.sheets import JOINER

LANGUAGES = {
    "en": Phrase("English"),
    "zh": Phrase("Chinese"),
    "de": Phrase("German"),
    "es": Phrase("Spanish"),
    "ru": Phrase("Russian"),
    "ja": Phrase("Japanese"),
    "fr": Phrase("French"),
    "pt": Phrase("Portuguese"),
    "it": Phrase("Italian"),
    "tr": Phrase("Turkish"),
    "nl": Phrase("Dutch"),
    "pl": Phrase("Polish"),
}
# a word that is the last part of a header of several rows, beside one that is the whole header
_OF_A_PART = 0.95

# no bracket within brackets: a heading of 30,000 is searched once, not once for each
_BRACKETED = r"[\[(（【]([^\[(（【\])）】]*)[\])）】]"
_MARKED = (_BRACKETED, r"[/,]\s*([^\s/,]+(?:/\w+)?)\s*$")
_UNMARKED = (r"_([A-Za-z0-9³]+)$", r"\s([^\s]+)$")
UNITS: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "units.toml").read_text(encoding="utf-8")
)
# before a unit without brackets: what stands there is so many of it, which is asked about
_MULTIPLE = re.compile(
    rf"((?<![^\W_])({'|'.join(UNITS['multiples'])}|1[ .,']?000([ "
    rf".,']?000)?|10\^\d+)\.?|[{''.join(UNITS['multiple_signs'])}])[\s_]*$"
)
_LETTERS_OF_OTHERS = frozenset("TК")  # a temperature, and no tonnes
_SPELLED: dict[str, str] = {
    spelled: unit for unit, all_spelled in UNITS["spelled"].items() for spelled in all_spelled
} | {spelled.casefold(): unit for spelled, unit in SPELLINGS.items()}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A header word that means a standard column: how much of the header it is (0 to 1), and in
    which language.
    """

    share: float
    word: str
    language: str


class Vocabulary:
    """Everything in words.toml, looked up by what stands in a file."""

    @cached_property
    def _raw(self) -> dict[str, Any]:
        return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))

    @cached_property
    def _words(self) -> dict[str, dict[str, dict[str, list[str]]]]:
        """Headers by input, column and language, folded."""
        return {
            name: {
                column: {
                    language: list(map(folded, words)) for language, words in by_language.items()
                }
                for column, by_language in columns.items()
            }
            for name, columns in self._raw.items()
            if name not in {"units", "values", "sectors"}
        }

    @cached_property
    def _in_cells(self) -> dict[str, dict[str, set[str]]]:
        words = {
            column: {name: set(map(folded, words)) for name, words in standard.items()}
            for column, standard in self._raw["values"].items()
        }
        for carrier in CARRIERS.values():
            if carrier.form != "heat":  # what melt shops call a batch
                words["carrier"].setdefault(carrier.id, set()).update(
                    map(folded, (*carrier.words.by_language.values(), *carrier.also))
                )
        return words

    def names(self, section: str, column: str, header: str) -> bool:
        """Whether the whole header, or its last part, is a word for the column."""
        return any(
            folded(without_unit(header.split(JOINER)[-1])) in words
            for words in self._words[section][column].values()
        )

    def knows(self, header: str) -> bool:
        """Whether the whole header is a word for some column of some input."""
        text = folded(without_unit(header))
        inputs = self._words.values()
        return any(
            text in words
            for columns in inputs
            for column in columns.values()
            for words in column.values()
        )

    @cached_property
    def _units(self) -> dict[str, str]:
        return {unit: kind for kind, units in self._raw["units"].items() for unit in units}

    @cached_property
    def _uses(self) -> dict[str, list[tuple[int, tuple[str, str], str]]]:
        """By word where it stands among all, the input and column that it names, its language."""
        uses: dict[str, list[tuple[int, tuple[str, str], str]]] = defaultdict(list)
        number = count()
        for name, columns in self._words.items():
            for column, by_language in columns.items():
                for language, words in by_language.items():
                    for word in words:
                        uses[word].append((next(number), (name, column), language))
        return dict(uses)

    def of_header(self, header: str) -> dict[tuple[str, str], Meaning]:
        """What a header means, by input and column, but for its parts (`meaning`). Each word is
        looked for once.
        """
        text = folded(without_unit(header))
        named = sorted(
            (*use, word, share)
            for word, uses in self._uses.items()
            if word in text and (share := _share(word, text))
            for use in uses
        )
        meanings: dict[tuple[str, str], Meaning] = {}
        for _, of_column, language, word, share in named:
            if of_column not in meanings or share > meanings[of_column].share:
                meanings[of_column] = Meaning(share, word, LANGUAGES[language])
        return meanings

    def sector(self, headers: Sequence[str]) -> tuple[str, str] | None:
        """`PACK/STEP` of the sector that one of the headers names, and that header."""
        for header in headers:
            if self.variable(header) is not None:
                continue  # a share of clinker or of hot metal is of the step that takes it
            text = folded(without_unit(header))
            for pack, steps in self._raw["sectors"].items():
                for step, words in steps.items():
                    if any(_share(folded(word), text) for word in words):
                        return f"{pack}/{step}", header
        return None

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """What is measured, by the unit as it is spelled in the end."""
        kinds: dict[str, str] = {}
        for spelled, kind in self._units.items():
            kinds.setdefault(_SPELLED.get(spelled, spelled).casefold(), kind)
        return kinds

    def meaning(self, wanted: str, column: str, header: str) -> Meaning | None:
        """How well a header names the column; None where no word of it does."""
        text = without_unit(header)
        best = _of_header(header).get((wanted, column))
        parts = header.split(JOINER)
        if len(parts) > 1 and (of_part := self.meaning(wanted, column, parts[-1])) is not None:
            best = max(
                best,
                replace(of_part, share=_OF_A_PART * of_part.share),
                key=lambda meaning: 0.0 if meaning is None else meaning.share,
            )
        if column.casefold() == text or column.casefold() == header.strip().casefold():
            return Meaning(1.0, column, Phrase("template"))
        return best

    def variable(self, header: str) -> tuple[str, Meaning] | None:
        """The relevant variable that a header names whole."""
        for name, words in self._words["variables"].items():
            best = _best(words, folded(without_unit(header)))
            if best is not None and best.share == 1.0:
                return name, best
        return None

    def unit_in(self, text: str, *, alone: bool = False) -> str | None:
        """The unit that a header names (in brackets, behind a stroke or at its end), or that the
        whole text is.
        """
        candidates = [plain(text).strip("[]()（）【】")]
        if not alone:
            marked, unmarked = (
                [m for pattern in patterns if (m := re.search(pattern, plain(text)))]
                for patterns in (_MARKED, _UNMARKED)
            )
            unmarked = [
                m
                for m in unmarked
                if not _is_letter_of_a_name(m[1])
                and not _MULTIPLE.search(m.string[: m.start(1)].casefold())
            ]
            candidates = [m[1] for m in (*marked, *unmarked)]
        for candidate in candidates:
            candidate = re.sub(r"^(in|en)\s+", "", candidate.strip())  # (in kWh)
            low = candidate.casefold()
            if candidate.strip() in _LETTERS_OF_OTHERS:
                continue
            if low in self._units:
                return None if low in TWO_MEANINGS else _SPELLED.get(low, candidate.strip())
        return None

    def unclear_unit_in(self, text: str) -> str | None:
        """A unit in the text that means two things, such as ton; it is asked about."""
        words = re.split(r"[\s/,;()\[\]（）【】]+", plain(text).casefold())
        return next((word for word in words if word in TWO_MEANINGS), None)

    def kind_of_unit(self, unit: str) -> str | None:
        """What a unit measures: mass, count, energy, power, volume, flow, time or other."""
        return self._kinds.get(unit.casefold())

    def words_in_cells(self, column: str, standard: str) -> set[str]:
        """The words that stand for one of the template's, folded."""
        return self._in_cells.get(column, {}).get(standard, set())

    def standard_word(self, column: str, word: str) -> str | None:
        """The template's word for a word in a cell."""
        low = folded(plain(word))
        return next(
            (name for name, words in self._in_cells.get(column, {}).items() if low in words), None
        )


VOCABULARY = Vocabulary()


@lru_cache(maxsize=MOST_COLUMNS)
def _of_header(header: str) -> dict[tuple[str, str], Meaning]:
    return VOCABULARY.of_header(header)


@lru_cache(maxsize=MOST_COLUMNS)
def without_unit(header: str) -> str:
    """A header in small letters, without what stands in brackets and without an underscored unit at
    its end.
    """
    text = re.sub(_BRACKETED, " ", plain(header).replace("_", " ").replace("-", "-"))
    words = text.casefold().split()
    if (
        len(words) > 1
        and not _is_letter_of_a_name(plain(header).split()[-1])
        and VOCABULARY.unit_in(words[-1], alone=True)
    ):
        words = words[:-1]
    return " ".join(words).strip(" .:#")


def _is_letter_of_a_name(word: str) -> bool:
    """Trafo A is no current, Furnace C no temperature: of units without brackets t alone is a
    letter.
    """
    return len(word) == 1 and word not in "tт"


@lru_cache(maxsize=MOST_COLUMNS)
def folded(text: str) -> str:
    """Small letters without accents, as headers are compared: Início and inicio, BİTİŞ and
    bitis.
    """
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _best(words: Mapping[str, list[str]], text: str) -> Meaning | None:
    meanings = [
        Meaning(_share(word, text), word, LANGUAGES[language])
        for language, listed in words.items()
        for word in listed
    ]
    return max(
        (meaning for meaning in meanings if meaning.share),
        key=lambda meaning: meaning.share,
        default=None,
    )


def _share(word: str, text: str) -> float:
    """1 where the word is the header; less where it is one of its words, by how much of it is left
    over.
    """
    if word == text:
        return 1.0
    if word not in text:
        return 0.0
    if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", word):
        return 0.9 * len(word) / len(text)
    if re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text):
        return 0.85 * len(word) / len(text)
    return 0.5 * len(word) / len(text) if len(word) >= 5 else 0.0  # German writes words in one


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
