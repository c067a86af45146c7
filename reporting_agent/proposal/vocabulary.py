"""The words that plants write, in English, Chinese and German: headers, units, words in cells. The words stand in words.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reporting_agent.sources.cells import plain

LANGUAGES = {"en": "English", "zh": "Chinese", "de": "German"}

_UNIT_PLACES = (r"[\[(（【]\s*([^\])）】]+?)\s*[\])）】]", r"[/,]\s*([^\s/,]+(?:/\w+)?)\s*$", r"_([A-Za-z0-9³]+)$", r"\s([^\s]+)$")
_SPELLED = {
    "nm³": "Nm3", "nm3": "Nm3", "m³": "m3", "m3n": "Nm3", "吨": "t", "to": "t", "tonne": "t", "tonnes": "t",
    "公斤": "kg", "千克": "kg", "千瓦时": "kWh", "度": "kWh", "千瓦": "kW", "标方": "Nm3", "立方米": "m3", "件": "items", "个": "items",
    "stk": "items", "stück": "items", "st": "items", "pcs": "items", "pc": "items", "pieces": "items", "kwh": "kWh", "mwh": "MWh",
    "gwh": "GWh", "wh": "Wh", "mj": "MJ", "gj": "GJ", "kj": "kJ", "tj": "TJ", "kw": "kW", "mw": "MW", "w": "W", "gw": "GW",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """A header word that means a standard column: how much of the header it is (0 to 1), and in which language."""

    share: float
    word: str
    language: str


class Vocabulary:
    """Everything in words.toml, looked up by what stands in a file."""

    @cached_property
    def _raw(self) -> dict[str, Any]:
        return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))

    @cached_property
    def _units(self) -> dict[str, str]:
        return {unit: kind for kind, units in self._raw["units"].items() for unit in units}

    def meaning(self, wanted: str, column: str, header: str) -> Meaning | None:
        """How well a header names the column; None where no word of it does."""
        text = without_unit(header)
        best = _best(self._raw[wanted].get(column, {}), text)
        if column.casefold() == text or column.casefold() == header.strip().casefold():
            return Meaning(1.0, column, "template")
        return best

    def variable(self, header: str) -> tuple[str, Meaning] | None:
        """The relevant variable that a header names whole."""
        for name, words in self._raw["variables"].items():
            best = _best(words, without_unit(header))
            if best is not None and best.share == 1.0:
                return name, best
        return None

    def unit_in(self, text: str, *, alone: bool = False) -> str | None:
        """The unit that a header names (in brackets, behind a stroke or at its end), or that the whole text is."""
        candidates = [plain(text).strip("[]()（）【】")]
        if not alone:
            candidates = [match[1] for pattern in _UNIT_PLACES if (match := re.search(pattern, plain(text)))]
        for candidate in candidates:
            low = candidate.strip().casefold()
            if low in self._units:
                return _SPELLED.get(low, candidate.strip())
        return None

    def kind_of_unit(self, unit: str) -> str | None:
        """What a unit measures: mass, count, energy, power, volume, flow, time or other."""
        return next((kind for spelled, kind in self._units.items() if _SPELLED.get(spelled, spelled).casefold() == unit.casefold()), None)

    def standard_word(self, column: str, word: str) -> str | None:
        """The template's word for a word in a cell."""
        low = plain(word).casefold()
        return next((name for name, words in self._raw["values"].get(column, {}).items() if low in words), None)


VOCABULARY = Vocabulary()


def without_unit(header: str) -> str:
    """A header in small letters, without what stands in brackets and without an underscored unit at its end."""
    text = re.sub(r"[\[(（【][^\])）】]*[\])）】]", " ", plain(header).replace("_", " ").replace("-", "-"))
    words = text.casefold().split()
    if len(words) > 1 and VOCABULARY.unit_in(words[-1], alone=True):
        words = words[:-1]
    return " ".join(words).strip(" .:#")


def _best(words: Mapping[str, list[str]], text: str) -> Meaning | None:
    found = [Meaning(_share(word, text), word, LANGUAGES[language]) for language, listed in words.items() for word in listed]
    return max((one for one in found if one.share), key=lambda one: one.share, default=None)


def _share(word: str, text: str) -> float:
    """1 where the word is the header; less where it is one of its words, by how much of it is left over."""
    if word == text:
        return 1.0
    if re.search(r"[\u4e00-\u9fff]", word):
        return 0.9 * len(word) / len(text) if word in text else 0.0
    if re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text):
        return 0.85 * len(word) / len(text)
    return 0.5 * len(word) / len(text) if len(word) >= 5 and word in text else 0.0  # German writes words in one
