"""Passwords of sources, each in a file of its own beside site.toml."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase


def password_of(folder: Path, name: str | None, column: str) -> str | None:
    """What the file holds; None where site.toml names none. `column` is the setting that names it.

    Raises:
        InputError: `password-unreadable`.
    """
    if name is None:
        return None
    try:
        return (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise InputError(
            "password-unreadable",
            "The file with the source's password cannot be read.",
            "Name a file in UTF-8 that the agent's user may read.",
            place=Place("site.toml", column=column),
            found=str(unreadable.strerror or unreadable)
            if isinstance(unreadable, OSError)
            else Phrase("it is not UTF-8"),
            wanted=str(folder / name),
        ) from unreadable
