"""Whether a firm's practice would give away its label: amounts of energy or power, or shares of its
energy, in any of its texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from portal.practices.entry_texts import TEXTS

NARROWEST = Decimal("1.2")
"""A firm's range reaches at least to so many times its low end: a narrower one is a figure."""

_SO_MANY = re.compile(r"\d[\s-]*(?:(?:thousand|million|billion)\s+)?[十百千万亿多余]*\s*")
# no word boundary ends a unit: to `re` a Chinese character is a part of the word
_ENERGY_OR_POWER = re.compile(
    rf"{_SO_MANY.pattern}(?:(?:[kmgt]?(?:wh?|j|cal)|(?:mm)?btu|(?:k?g|t)[\s-]*s?ce|(?:kg|t)oe)(?![a-z])"
    r"|(?:kilo|mega|giga|tera)?(?:watt|joule|calorie)|[千兆吉]?瓦时?|[千兆吉]?焦|[千大]卡"
    r"|(?:kg|t|tonnes?|nm3|m3|千克|公斤|吨|立方米?)\s*(?:of\s+)?(?:standard\s+)?(?:coal|coke|oil|gas|steam|标?准?煤|焦炭|油|天然气|蒸汽))"
)
_DU = re.compile(rf"{_SO_MANY.pattern}度")  # a kilowatt-hour, or a degree
_TEMPERATURE = re.compile(r"温[^,;。!?\n电耗节用吨每]*度")
_SHARE = re.compile(r"\d\s*(?:%|per\s?cent|个?百分)|百分之")
_OF_ENERGY = re.compile(r"sav|energy|consum|electric|power|fuel|heat|能|电|煤|耗|热")
_SENTENCE_ENDS = re.compile(r"[。;；!?\n]|\.(?!\d)")


def gives_away(content: Mapping[str, str]) -> str:
    """The first field of a firm's entry that could tell its energy per unit; empty where none does.

    Its saving stands there as a range of energy a tonne; beside an amount of energy or power, or a
    share of its energy, the rest could be worked out. Not seen are figures in words, figures whose
    unit stands elsewhere, and what follows from two entries together: for those the reviewer reads.
    """
    for field in (f"{name}_{language}" for name in TEXTS for language in ("en", "zh")):
        text = unicodedata.normalize("NFKC", content.get(field, "")).casefold()
        shares = (part for part in _SENTENCE_ENDS.split(text) if _SHARE.search(part))
        energy = _ENERGY_OR_POWER.search(text) or _DU.search(_TEMPERATURE.sub("", text))
        if energy or any(_OF_ENERGY.search(part) for part in shares):
            return field
    low, high = content.get("saving_from", ""), content.get("saving_to", "")
    return "" if low and high and Decimal(high) >= NARROWEST * Decimal(low) else "saving_to"
