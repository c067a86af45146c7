"""Whether a pack is a published one, or only takes the id and version of one with another content:
that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.errors import InputError
from benchmarks.packs import digest, is_known, load
from benchmarks.packs.faults import PackFault
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack


def published_as(pack: Pack) -> Pack | None:
    """The published pack of the same id and version, be it of the same content or not: what comes
    with Steplabel, or was approved.
    """
    if not is_known(pack.id):
        return None
    try:
        return load(pack.id, pack.version)
    except InputError:  # a version that does not exist
        return None


def is_published(pack: Pack) -> bool:
    """Whether the pack is, content for content, a published one, wherever it was read from."""
    published = published_as(pack)
    return published is not None and (published is pack or digest(published) == digest(pack))


def impostures(pack: Pack) -> Iterator[PackFault]:
    """The fault of a pack that calls itself a published one and is of another content."""
    if published_as(pack) is not None and not is_published(pack):
        wanted = Phrase(
            "an id or a version of its own: the published pack of this name is a different one"
        )
        yield PackFault("version", f"{pack.id} {pack.version}", wanted)
