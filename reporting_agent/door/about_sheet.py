"""A sheet of a workbook that says things of the firm: time zone, prices, heating values. A sheet
named About (说明) holds a name and its value in each row, such as `Price of electricity, per kWh`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import in_language, languages
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.config.profile import zone_named
from reporting_agent.sources.cells import is_blank, plain
from reporting_agent.sources.sheets import format_of
from reporting_agent.sources.workbooks import Book

SHEET = Phrase("About")
SETTINGS: Mapping[str, Phrase] = {
    "name": Phrase("Firm"),
    "timezone": Phrase("Time zone"),
    "uncertainty_pct": Phrase("Meter uncertainty, %"),
    "currency": Phrase("Currency"),
    "price": Phrase("Price of %(carrier)s, per %(unit)s"),
    "lhv": Phrase("Heating value of %(carrier)s, MJ per %(unit)s"),
}
_ROWS = 200
_SINCE = "2000-01-01"


@dataclass(slots=True)
class AboutFirm:
    """What the sheet says, as the tables of site.toml have it."""

    site: dict[str, Any] = field(default_factory=dict)
    currency: str = ""
    prices: list[dict[str, Any]] = field(default_factory=list)
    lhv: list[dict[str, Any]] = field(default_factory=list)


def about_firm(path: Path) -> AboutFirm | None:
    """The sheet's content; None where the file has no such sheet.

    Raises:
        InputError: `workbook-setting-wrong`, where a value cannot be what its name says.
    """
    if not path.is_file() or format_of(path) != "xlsx":
        return None
    book = Book(path)
    names = {in_language(SHEET, lang) for lang in languages()}
    name = next((name for name in book.names if name in names), None)
    if name is None:
        return None
    about = AboutFirm()
    for row, cells in book.sheet(name, _ROWS).rows:
        key, value = [*cells, None, None][:2]
        if not is_blank(key) and not is_blank(value):
            _take(about, path, row, plain(str(key)), value)
    if about.prices and not about.currency:
        about.prices = []  # of an amount without currency nothing can be said
    return about


def _take(about: AboutFirm, path: Path, row: int, key: str, value: object) -> None:
    for lang in languages():
        for setting in ("name", "timezone", "uncertainty_pct", "currency"):
            if key == in_language(SETTINGS[setting], lang):
                _set(about, path, row, key, setting, value)
                return
        for setting in ("price", "lhv"):
            found = _carrier_and_unit(setting, key, lang)
            if found is not None:
                _of_carrier(about, path, row, key, setting, *found, value)
                return


def _set(about: AboutFirm, path: Path, row: int, key: str, setting: str, value: object) -> None:
    text = plain(str(value))
    if setting == "currency":
        about.currency = text
    elif setting == "uncertainty_pct":
        about.site[setting] = _number(path, row, key, value, most=100)
    elif setting == "timezone" and zone_named(text) is None:
        wanted = Phrase("a time zone of the IANA list, such as %(names)s", names="Asia/Shanghai")
        raise _refused(path, row, key, text, wanted)
    else:
        about.site[setting] = text


def _of_carrier(
    about: AboutFirm,
    path: Path,
    row: int,
    key: str,
    setting: str,
    carrier: str,
    unit: str,
    value: object,
) -> None:
    number = _number(path, row, key, value, most=1e9)
    if setting == "price":
        about.prices.append({"carrier": carrier, "price": number, "unit": unit})
        return
    impossible = FactorTable.load().impossible(carrier, number, CARRIERS[carrier].unit)
    if number == 0 or impossible is not None:
        raise _refused(path, row, key, str(value), impossible or Phrase("a number above 0"))
    about.lhv.append({"carrier": carrier, "from": _SINCE, "value": number, "source": "contract"})


def _carrier_and_unit(setting: str, key: str, lang: str) -> tuple[str, str] | None:
    """Whose price or heating value a row gives, and per which unit."""
    for id_, carrier in CARRIERS.items():
        words = Phrase(SETTINGS[setting], carrier=carrier.words, unit="\0")
        begins, _, ends = in_language(words, lang).partition("\0")
        unit = key.removeprefix(begins).removesuffix(ends).strip()
        if not (key.startswith(begins) and key.endswith(ends)):
            continue
        if setting == "lhv" and unit == carrier.unit:
            return id_, unit
        if setting == "price" and _measures(carrier.unit, unit):
            return id_, unit
    return None


def _measures(own: str, unit: str) -> bool:
    """Whether the unit is one of the carrier, or of its heat."""
    for measure in (own, "MJ"):
        try:
            ratio(unit, measure)
        except InputError:
            continue
        return True
    return False


def _number(path: Path, row: int, key: str, value: object, *, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < most:
        wanted = Phrase("a number of at least 0, written as a number and not as text")
        raise _refused(path, row, key, str(value), wanted)
    return float(value)


def _refused(path: Path, row: int, key: str, found: str, wanted: str) -> InputError:
    return InputError(
        "workbook-setting-wrong",
        "A setting of the workbook cannot be used.",
        Phrase("Correct the value of %(key)s.", key=repr(key)),
        place=Place(str(path), row=row),
        found=found,
        wanted=wanted,
    )
