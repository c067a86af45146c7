"""From a TOML file to a `Pack`: the few things TOML cannot say, and faults told with file, place,
found, wanted, remedy.

Three shorthands are resolved here, nothing else: a `source = "key"` names an entry of the file's
`[sources]`; `grades = { grade1 = 61, grade3 = 72 }` leaves a grade out where the standard has none;
in a limit's `applies`, `{ from = 50, to = 70 }` is the half-open range [50, 70) with either end
open; `{ above = 500, up_to = 800 }` is (500, 800].
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmarks.declared import FigureSource, said_by_validator
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.packs.faults import FaultyPack, PackFault
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack

_NAMES_A_SOURCE = (
    "source",
    "grid_source",
    "typical_source",
    "spread_source",
    "measured_source",
    "usual_source",
)
_GRADES = ("grade1", "grade2", "grade3")


def parse(text: str, path: Path) -> Pack:
    """The pack of that TOML, every field checked on its own; `path` stands for it in a refusal, and
    relative paths are relative to it.

    Raises InputError `pack-unreadable` or `pack-invalid`.
    """
    try:
        raw: dict[str, object] = read_toml(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from error
    sources = raw.pop("sources", {})
    if not isinstance(sources, dict):
        raise _invalid(
            path, [PackFault("sources", type(sources).__name__, Phrase("a table of sources"))]
        )
    if faults := [
        fault for name, entry in sources.items() for fault in _of_source(entry, f"sources.{name}")
    ]:
        raise _invalid(path, faults)
    resolved = _resolved(raw, sources, path, "")
    if isinstance(resolved, dict) and str(resolved.get("conversion", "")).endswith(".toml"):
        resolved["conversion"] = str((path.parent / str(resolved["conversion"])).resolve())
    try:
        return Pack.model_validate(resolved)
    except ValidationError as error:
        raise _invalid(path, list(_faults_of(error, resolved, ""))) from error


def _of_source(entry: object, place: str) -> Iterator[PackFault]:
    """Faults of a source, told where it stands and not at every figure that names it."""
    try:
        FigureSource.model_validate(entry)
    except ValidationError as error:
        yield from _faults_of(error, entry, place)


def _faults_of(error: ValidationError, entry: object, place: str) -> Iterator[PackFault]:
    """What is missing, unknown or of the wrong kind in an entry, which stands at `place`."""
    for wrong in error.errors(include_url=False):
        inner = place_of(entry, wrong["loc"])
        input_shown = (
            Phrase("nothing") if wrong["type"] == "missing" else repr(wrong["input"])[:200]
        )
        yield PackFault(".".join(filter(None, (place, inner))), input_shown, _wanted(wrong))


_WANTED = {
    "missing": Phrase("this entry: it is required"),
    "extra_forbidden": Phrase("no entry of this name: it is mistyped, or is in the wrong table"),
    "model_type": Phrase("a table of its own: { … }"),
    "dict_type": Phrase("a table of its own: { … }"),
    "tuple_type": Phrase("a list: [ … ]"),
    "string_type": Phrase("a text in quotation marks"),
    "float_type": Phrase("a number"),
    "float_parsing": Phrase("a number"),
    "finite_number": Phrase("a number"),
    "int_type": Phrase("a whole number"),
    "int_parsing": Phrase("a whole number"),
    "int_from_float": Phrase("a whole number"),
    "bool_type": Phrase("true or false"),
    "bool_parsing": Phrase("true or false"),
    "date_type": Phrase("a day: 2026-05-01"),
    "date_parsing": Phrase("a day: 2026-05-01"),
    "date_from_datetime_parsing": Phrase("a day: 2026-05-01"),
    "date_from_datetime_inexact": Phrase("a day without a time: 2026-05-01"),
    "greater_than": Phrase("a greater number"),
    "greater_than_equal": Phrase("a greater number"),
    "less_than": Phrase("a smaller number"),
    "less_than_equal": Phrase("a smaller number"),
    "too_short": Phrase("at least one entry"),
    "string_too_short": Phrase("a text that is not empty"),
}


def _wanted(wrong: Mapping[str, Any]) -> str:
    """What an author is to write there; of a rule of the pack's own, its sentence."""
    context = wrong.get("ctx", {})
    if context.get("class_name") == "Words":
        return Phrase('words by language: { en = "…", zh = "…" }')
    if wrong["type"] == "literal_error":
        return Phrase("one of %(names)s", names=str(context["expected"]).replace(" or ", ", "))
    if wrong["type"] == "value_error":
        return said_by_validator(wrong) or Phrase(
            "a number"
        )  # what is left is a Fraction that is none
    return _WANTED.get(wrong["type"], str(wrong["msg"]))


def place_of(data: object, steps: Sequence[str | int]) -> str:
    """A path a person can follow: `steps[eaf].metrics[total].floor`; list entries are named by
    their id where they have one.
    """
    text = ""
    for step in steps:
        inner: object = None
        if isinstance(data, Mapping):
            inner = data.get(step)
        elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
            inner = data[step]
        if isinstance(step, int):
            text += f"[{_name_of(inner, step)}]"
        else:
            text += f".{step}" if text else step
        data = inner
    return text


def _name_of(entry: object, index: int) -> str:
    if isinstance(entry, Mapping):
        for key in ("id", "metric", "variable", "step", "rule"):
            if isinstance(entry.get(key), str):
                return str(entry[key])
    return str(index)


def text_of(path: Path) -> str:
    """The file's text. Raises InputError `pack-unknown` (no such file), `pack-unreadable`."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            "pack-unknown",
            "The pack file does not exist.",
            "Correct the path in `pack`. It is relative to site.toml.",
            place=Place(str(path)),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        "pack-unreadable",
        "The pack file cannot be read.",
        "A pack is a TOML file in UTF-8. Correct the line that is named.",
        place=Place(str(path)),
        found=fault_of(error),
        wanted=Phrase("TOML in UTF-8"),
    )


def _resolved(value: object, sources: Mapping[str, object], path: Path, place: str) -> object:
    if isinstance(value, list):
        return [
            _resolved(entry, sources, path, f"{place}[{_name_of(entry, index)}]")
            for index, entry in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    result: dict[str, object] = {}
    for key, entry in value.items():
        here = f"{place}.{key}" if place else key
        if (key in _NAMES_A_SOURCE or place == "numbers") and isinstance(entry, str):
            if entry not in sources:
                raise _invalid(
                    path,
                    [
                        PackFault(
                            here,
                            repr(entry),
                            Phrase(
                                "a key of [sources]: %(names)s",
                                names=", ".join(sources) or Phrase("there is none yet"),
                            ),
                        )
                    ],
                )
            result[key] = sources[entry]
        elif key == "grades" and isinstance(entry, dict):
            if unknown := sorted(set(entry) - set(_GRADES)):
                wanted = Phrase(
                    "grade1, grade2, grade3; leave out a grade that the standard does not define"
                )
                raise _invalid(path, [PackFault(here, ", ".join(unknown), wanted)])
            result[key] = tuple(entry.get(grade) for grade in _GRADES)
        elif key == "applies" and isinstance(entry, dict):
            result[key] = {
                variable: _condition(condition, path, f"{here}.{variable}")
                for variable, condition in entry.items()
            }
        else:
            result[key] = _resolved(entry, sources, path, here)
    return result


def _condition(condition: object, path: Path, place: str) -> object:
    if not isinstance(condition, dict):
        return condition
    if condition and set(condition) <= {"above", "up_to"}:
        return condition
    if unknown := sorted(set(condition) - {"from", "to"}):
        raise _invalid(
            path,
            [
                PackFault(
                    place,
                    ", ".join(unknown),
                    Phrase("a text, { from = …, to = … } or { above = …, up_to = … }"),
                )
            ],
        )
    return (condition.get("from"), condition.get("to"))


def _invalid(path: Path, faults: Sequence[PackFault]) -> FaultyPack:
    return FaultyPack(
        "pack-invalid",
        "The pack cannot be used as it is.",
        "Correct each entry. `docs/packs.md` shows every field with an example.",
        path,
        faults,
    )
