"""TOML that people write, checked by a model: a fault is told with its place, what was found there,
and what is wanted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase
from reporting_agent.config.faults import SettingFault

File = TypeVar("File", bound=BaseModel)
Refusal = Callable[[Place, str, str], InputError]
"""The refusal of a place, with what was found there and what is wanted."""


def read(kind: type[File], path: Path, refused: Refusal) -> File:
    """The file as its model.

    Raises:
        InputError: that of `refused`, where the file cannot be read or its first wrong key.
    """
    try:
        raw = read_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise refused(Place(str(path)), fault_of(wrong), Phrase("a TOML file in UTF-8")) from wrong
    return checked(kind, raw, str(path), refused)


def checked(kind: type[File], raw: dict[str, Any], name: str, refused: Refusal) -> File:
    """What was read of the file of that name, as its model; raises as `read` does."""
    try:
        return kind.model_validate(raw)
    except ValidationError as wrong:
        fault = SettingFault(wrong, raw)
        raise refused(
            Place(name, column=fault.place(name).column), fault.found, fault.wanted()
        ) from wrong
