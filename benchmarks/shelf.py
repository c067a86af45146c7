"""Packs, tables of factors and practices beyond those that come with Steplabel: approved by an
authority, kept by who runs this process.

The agent keeps them in its state directory, the portal in its database; each says so when it
starts. What comes with Steplabel is looked for first, so an approved file never takes the place of
one of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol


class Shelf(Protocol):
    """Where approved files lie. A text, once given, is never another."""

    def versions(self) -> Collection[tuple[str, str]]:
        """(pack, version) of every approved pack."""
        ...

    def pack(self, pack: str, version: str) -> str | None:
        """The TOML of that version; None where there is none."""
        ...

    def factors(self, version: str) -> str | None:
        """The TOML of that version of the table of conversion factors; None where there is none."""
        ...

    def practices(self) -> str:
        """The newest signed library of practices that is kept, as JSON (`guidance.practices`);
        empty where there is none.
        """
        ...


class Empty:
    """The shelf of a process that knows only what comes with Steplabel."""

    def versions(self) -> Collection[tuple[str, str]]:
        return ()

    def pack(self, _pack: str, _version: str) -> str | None:
        return None

    def factors(self, _version: str) -> str | None:
        return None

    def practices(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class CopiedShelf:
    """Texts at hand, to take into another process."""

    packs: Mapping[tuple[str, str], str]
    tables: Mapping[str, str]

    def with_factors(self, version: str, text: str) -> CopiedShelf:
        """The same, and one table that is not approved yet."""
        return replace(self, tables={**self.tables, version: text}) if text else self

    def versions(self) -> Collection[tuple[str, str]]:
        return self.packs.keys()

    def pack(self, pack: str, version: str) -> str | None:
        return self.packs.get((pack, version))

    def factors(self, version: str) -> str | None:
        return self.tables.get(version)

    def practices(self) -> str:
        return ""


_of_process: list[Shelf] = [Empty()]
_here: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


def approved() -> Shelf:
    """The shelf that is looked at: of this process, or the one of the block that is being run."""
    return _here.get() or _of_process[0]


def use(shelf: Shelf) -> None:
    """Look there from now on, in the whole process."""
    _of_process[:] = [shelf]


@contextmanager
def used(shelf: Shelf) -> Iterator[None]:
    """Look there for as long as the block lasts; other threads look where they did."""
    before = _here.set(shelf)
    try:
        yield
    finally:
        _here.reset(before)
