"""The approved packs, factors and practices of this machine, carried to a worker with each site."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from benchmarks import packs, shelf


@dataclass(frozen=True, slots=True)
class CarriedShelf:
    """Approved packs, their factors and the practices of this machine, as texts that go to a worker
    with each site.
    """

    packs: Mapping[tuple[str, str], str]
    tables: Mapping[str, str]
    library: str

    @classmethod
    def of(cls, here: shelf.Shelf) -> CarriedShelf:
        texts = {
            (name, version): here.pack(name, version) or "" for name, version in here.versions()
        }
        named = {packs.load(name, version).conversion for name, version in texts}
        tables = {version: text for version in named if (text := here.factors(version)) is not None}
        return cls(texts, tables, here.practices())

    def versions(self) -> Collection[tuple[str, str]]:
        return self.packs.keys()

    def pack(self, pack: str, version: str) -> str | None:
        return self.packs.get((pack, version))

    def factors(self, version: str) -> str | None:
        return self.tables.get(version)

    def practices(self) -> str:
        return self.library
