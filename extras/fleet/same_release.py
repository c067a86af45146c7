"""Whether a worker is of this release: agent, packs, factors and the libraries that compute, which
decide the bytes of a site's files.

Two machines that differ in it may differ in a digit, so that sites of one report are not done with
both.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, in_context
from reporting_agent.software import SOFTWARE

_COMPUTE = ("numpy", "scipy", "pyarrow")


@lru_cache(maxsize=1)
def of_this_process() -> dict[str, str]:
    """Name and version of each part, packs and factors by one digest over all."""
    shipped_packs = [pack for name in packs.shipped() for pack in packs.versions(name)]
    whole = hashlib.sha256()
    for pack in sorted(shipped_packs, key=lambda pack: (pack.id, pack.version)):
        whole.update(packs.digest(pack) + packs.factors(pack).digest)
    return {
        "agent": SOFTWARE,
        "packs and factors": whole.hexdigest()[:16],
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _COMPUTE},
    }


_PARTS = {"agent": Phrase("agent"), "packs and factors": Phrase("packs and factors")}
"""Those whose names are words."""


def difference(
    ours: Mapping[str, str], theirs: Mapping[str, str], worker: str
) -> InputError | None:
    """Why a worker may give other bytes: `fleet-worker-differs`; None where it gives the same."""
    for part, version in ours.items():
        if (actual := theirs.get(part, in_context("a release", "nothing"))) != version:
            return _differs(part, worker, actual, version)
    return None


def no_agent(ours: Mapping[str, str], why: BaseException, worker: str) -> InputError:
    """The same of a worker that could not say, for it has no agent."""
    return _differs("agent", worker, str(why), ours["agent"])


def _differs(part: str, worker: str, found: str, wanted: str) -> InputError:
    return InputError(
        "fleet-worker-differs",
        Phrase(
            "The %(part)s of worker %(worker)s differs from that of this machine.",
            worker=worker,
            part=_PARTS.get(part, part),
        ),
        "Install the same release of steplabel-agent, by requirements/dask.txt, on every machine "
        "of the cluster.",
        found=found,
        wanted=wanted,
    )
