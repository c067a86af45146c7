"""Columns that qualify a reading: its unit, direction, quality, register or multiplier. What they
say is used, or asked about; none is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.door.look import FileLook, is_value, mostly
from reporting_agent.door.maker import Maker
from reporting_agent.door.naming import ColumnMatch
from reporting_agent.door.types import KeyEvidence
from reporting_agent.door.vocabulary import VOCABULARY, folded, without_unit
from reporting_agent.sources.cells import as_name, is_blank, plain
from reporting_agent.sources.qualified_rows import holds_two_moments, qualified
from reporting_agent.sources.sheets import Sheet

_MOST_WORDS = 12
_NAME = "meter"  # of the column that several columns make together
_GOOD_OPC = 192.0  # OPC DA: a quality of 192 and more is good, by its upper two bits
_ENERGY = ("energy", "power", "volume", "flow")


def qualify(maker: Maker) -> tuple[str, str] | None:
    """Set what the qualifying columns say, and look on at the rows that are left; the unit that a
    column of units states, and why, None where none does."""
    _two_moments(maker)
    look = maker.look
    used = {match.index for match in maker.found.values()}
    used |= {look.header.index(part) for parts in maker.spread.values() for part in parts}
    unit: tuple[str, str] | None = None
    for index, header in enumerate(look.header):
        if not header or index in used or not look.column(index):
            continue
        words = _words(look, index)
        if 0 < len(words) <= _MOST_WORDS:
            if (stated := _units(maker, header, words)) is not None:
                why = Phrase("column %(column)s states the unit", column=repr(header))
                unit = stated, why
            elif not _directions(maker, header, words):
                _quality(maker, index, header, words)
        _multiplier(maker, index, header)
    _look_on(maker)
    return unit


def _two_moments(maker: Maker) -> None:
    """Stamps that hold the start and the end of their interval: the start is read."""
    match = maker.found.get("timestamp")
    if match is None or "timestamp" in maker.spread:
        return
    texts = [cell for cell in maker.look.column(match.index) if isinstance(cell, str)]
    if texts and mostly(lambda cell: holds_two_moments(str(cell)), texts):
        why = Phrase("%(column)s holds start and end of each interval", column=repr(match.header))
        maker.proposal.set("first_of", [match.header], why)


def _look_on(maker: Maker) -> None:
    """See the rows as they will be read: those that are kept, with the columns that are made."""
    profile = Profile.model_validate(maker.proposal.keys)
    if not profile.qualifies or profile.by_clock:
        return
    look = maker.look
    sheet = qualified(Sheet(str(look.path), look.header, iter(look.rows)), profile)
    rows = list(sheet.rows)
    more = len(sheet.header) - len(look.header)
    maker.look = replace(look, header=sheet.header, rows=rows, units=(*look.units, *[""] * more))
    if _NAME in profile.names:
        maker.found["meter_id"] = ColumnMatch(sheet.header.index(_NAME), _NAME, "", 1.0)


def _words(look: FileLook, index: int) -> list[str]:
    """The distinct words of a column, most frequent first."""
    counts = Counter(plain(as_name(cell)).removesuffix(".0") for cell in look.column(index))
    return [word for word, _ in counts.most_common(_MOST_WORDS + 1)]


def _units(maker: Maker, header: str, words: Sequence[str]) -> str | None:
    """A column of units: rows of energy are kept, those of what is no energy are not."""
    units = [VOCABULARY.unit_in(word, alone=True) for word in words]
    named = VOCABULARY.meaning("energy", "unit", header)
    if not all(units) and not (named is not None and named.share >= 0.7):
        return None
    amounts = [
        (word, unit)
        for word, unit in zip(words, units, strict=True)
        if unit is not None and VOCABULARY.kind_of_unit(unit) in _ENERGY
    ]
    if not amounts:
        return None
    chosen = amounts[0]
    if len(amounts) > 1:
        ask = Phrase("Rows of which unit in %(column)s are the meter's?", column=repr(header))
        answer = maker.asked(
            "readings.rows.unit", ask, [word for word, _ in amounts], proposal=amounts[0][0]
        )
        if answer is None:
            return None
        chosen = next(pair for pair in amounts if pair[0] == answer)
    if len(words) > 1:
        why = Phrase("rows of other units are other readings: %(column)s", column=repr(header))
        maker.proposal.set(f"keep.{header}", [chosen[0]], why)
    _use(maker, header)
    return chosen[1]


def _directions(maker: Maker, header: str, words: Sequence[str]) -> bool:
    """A column that tells what is taken from what is given back: rows of what is taken are kept."""
    kinds = {word: _direction(word) for word in words}
    if "import" not in kinds.values() or not set(kinds.values()) <= {"import", "export"}:
        return False
    kept = [word for word, kind in kinds.items() if kind == "import"]
    if len(kept) < len(words):
        why = Phrase("%(column)s: what is given back is not what is used", column=repr(header))
        maker.proposal.set(f"keep.{header}", kept, why)
    _use(maker, header)
    if len(kept) > 1 and _at_one_stamp(maker, header, kept):
        meter = maker.found.get("meter_id")
        parts = [*([meter.header] if meter is not None else []), header]
        if len(parts) > 1:
            why = Phrase("each register of %(column)s is a meter of its own", column=repr(header))
            maker.proposal.set(f"names.{_NAME}", parts, why)
            maker.proposal.set("columns.meter_id", _NAME, why)
        else:
            maker.found["meter_id"] = ColumnMatch(maker.look.header.index(header), header, "", 1.0)
            maker.proposal.set("columns.meter_id", header, Phrase("each register is a meter"))
    return True


def _direction(word: str) -> str | None:
    """import or export, by a word that a register's name holds."""
    text = folded(word)
    for kind in ("export", "import"):
        if any(part in text for part in VOCABULARY.words_in_cells("flow", kind)):
            return kind
    return None


def _at_one_stamp(maker: Maker, header: str, words: Sequence[str]) -> bool:
    """Whether two of the registers have a value at one stamp: then each counts by itself."""
    look = maker.look
    of_word = look.header.index(header)
    stamps = [
        look.header.index(part)
        for part in maker.spread.get("timestamp", ())
        or ([maker.found["timestamp"].header] if "timestamp" in maker.found else [])
    ]
    value = maker.found["value"].index if "value" in maker.found else None
    seen: dict[tuple[str, ...], str] = {}
    for _, cells in look.rows:
        if max([of_word, *stamps, value or 0]) >= len(cells):
            continue
        word = plain(as_name(cells[of_word]))
        if word not in words or (value is not None and is_blank(cells[value])):
            continue
        stamp = tuple(plain(str(cells[at])) for at in stamps)
        if seen.setdefault(stamp, word) != word:
            return True
    return False


def _quality(maker: Maker, index: int, header: str, words: Sequence[str]) -> None:
    """A column that says of each reading whether it is good: of the others the value is not
    known."""
    if not VOCABULARY.names("qualifiers", "quality", header):
        return
    cells = maker.look.column(index)
    if mostly(is_value, cells):
        good = [word for word in words if _is_number(word) and float(word) >= _GOOD_OPC]
    else:
        good = [word for word in words if VOCABULARY.standard_word("reading", word) == "good"]
        good += [word for word in words if _says_good(word) and word not in good]
    _use(maker, header)
    if not good:
        ask = Phrase("Which words of %(column)s say that a reading is good?", column=repr(header))
        answer = maker.asked("readings.quality", ask, (), ", ".join(words), proposal=words[0])
        good = [] if answer is None else [word.strip() for word in answer.split(",")]
    if good and set(good) != set(words):
        why = Phrase("%(column)s says which readings are good", column=repr(header))
        maker.proposal.set(f"valid.{header}", good, why)


def _says_good(word: str) -> bool:
    text = folded(word)
    return any(part in text for part in VOCABULARY.words_in_cells("reading", "good"))


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()


def _multiplier(maker: Maker, index: int, header: str) -> None:
    """The ratio of a transformer beside each reading, by which it is multiplied."""
    if not VOCABULARY.names("qualifiers", "multiplier", header):
        return
    value = maker.found.get("value")
    if value is None or not mostly(is_value, maker.look.column(index)):
        return
    why = Phrase("each reading is multiplied by %(column)s", column=repr(header))
    maker.proposal.set(f"times.{value.header}", header, why)
    _use(maker, header)


def _use(maker: Maker, header: str) -> None:
    """The column counts as used."""
    maker.qualifying.append(header)
    maker.proposal.evidence.append(KeyEvidence(f"qualifier.{without_unit(header)}", header, ""))
