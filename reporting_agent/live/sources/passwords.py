"""Passwords of sources, each in a file of its own beside site.toml."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import InputError, Place


def password_of(folder: Path, name: str | None, column: str) -> str | None:
    """What the file holds; None where site.toml names none. `column` is the setting that names it.

    Raises:
        InputError: `password-unreadable`.
    """
    if name is None:
        return None
    try:
        return (folder / name).read_text("utf-8").strip()
    except OSError as gone:
        raise InputError(
            "password-unreadable",
            "The file with the source's password cannot be read.",
            "Name a file that the agent's user may read.",
            place=Place("site.toml", column=column),
            found=str(gone.strerror or gone),
            wanted=str(folder / name),
        ) from gone
