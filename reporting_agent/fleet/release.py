"""What decides the bytes of a site's files besides its data: the agent, the packs and factors that come with it, and the libraries that
compute. Two machines that differ in it may differ in a digit, so that sites of one report are not done with both."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata

from benchmarks import packs, shelf
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from reporting_agent.software import SOFTWARE

_COMPUTE = ("numpy", "scipy", "pyarrow")


@lru_cache(maxsize=1)
def of_this_process() -> dict[str, str]:
    """Name and version of each part, packs and factors by one digest over all."""
    known = [pack for name in packs.shipped() for pack in packs.versions(name)]
    whole = hashlib.sha256()
    for pack in sorted(known, key=lambda pack: (pack.id, pack.version)):
        whole.update(packs.digest(pack) + packs.factors(pack).digest)
    return {
        "agent": SOFTWARE,
        "packs and factors": whole.hexdigest()[:16],
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _COMPUTE},
    }


def difference(ours: Mapping[str, str], theirs: Mapping[str, str], worker: str) -> InputError | None:
    """Why a worker may give other bytes: `fleet-worker-differs`; None where it gives the same."""
    for part, version in ours.items():
        if (actual := theirs.get(part, "nothing")) != version:
            return _differs(part, worker, actual, version)
    return None


def no_agent(ours: Mapping[str, str], why: BaseException, worker: str) -> InputError:
    """The same of a worker that could not say, for it has no agent."""
    return _differs("agent", worker, str(why), ours["agent"])


def _differs(part: str, worker: str, found: str, wanted: str) -> InputError:
    return InputError(
        "fleet-worker-differs",
        Phrase("The %(part)s of worker %(worker)s differs from that of this machine.", worker=worker, part=part),
        "Install the same release of steplabel-agent, by requirements/dask.txt, on every machine of the cluster.",
        found=found,
        wanted=wanted,
    )


@dataclass(frozen=True, slots=True)
class CarriedShelf:
    """Approved packs, their factors and the practices of this machine, as texts that go to a worker with each site."""

    packs: Mapping[tuple[str, str], str]
    tables: Mapping[str, str]
    library: str

    @classmethod
    def of(cls, here: shelf.Shelf) -> CarriedShelf:
        texts = {(name, version): here.pack(name, version) or "" for name, version in here.versions()}
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
