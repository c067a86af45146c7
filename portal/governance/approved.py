"""The portal's shelf: packs that were approved here, beside those that come with the installation,
for every process of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from benchmarks import shelf
from benchmarks.shelf import CopiedShelf, Shelf
from portal.governance.models import Proposal, ProposalState


class ApprovedPacks:
    """The files of approved proposals, read from the database when they are asked for."""

    def versions(self) -> Collection[tuple[str, str]]:
        return tuple(
            Proposal.objects.filter(state=ProposalState.APPROVED)
            .order_by("pk")
            .values_list("pack", "version")
        )

    def pack(self, pack: str, version: str) -> str | None:
        return _text("file", pack=pack, version=version)

    def factors(self, version: str) -> str | None:
        return _text("factors", factors_version=version) if version else None

    def practices(self) -> str:
        return ""  # pages ask `portal.practices.selectors`


@dataclass(frozen=True, slots=True)
class WithFactors:
    """What is approved, and one table of factors that is not yet."""

    beneath: Shelf
    version: str
    text: str

    def versions(self) -> Collection[tuple[str, str]]:
        return self.beneath.versions()

    def pack(self, pack: str, version: str) -> str | None:
        return self.beneath.pack(pack, version)

    def factors(self, version: str) -> str | None:
        return self.text if self.text and version == self.version else self.beneath.factors(version)

    def practices(self) -> str:
        return self.beneath.practices()


def copied() -> CopiedShelf:
    """What is approved, to take into a process that reads no database."""
    rows = list(
        Proposal.objects.filter(state=ProposalState.APPROVED)
        .order_by("-pk")
        .values_list("pack", "version", "file", "factors_version", "factors")
    )
    return CopiedShelf(
        {(pack, version): file for pack, version, file, _, _ in rows},
        {version: text for *_, version, text in rows if version},
    )


def with_factors(version: str, text: str) -> WithFactors:
    return WithFactors(shelf.approved(), version, text)


def _text(field: str, **named: str) -> str | None:
    return (
        Proposal.objects.filter(state=ProposalState.APPROVED, **named)
        .values_list(field, flat=True)
        .first()
    )
