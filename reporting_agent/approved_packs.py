"""Packs that an authority approved, fetched, verified, kept under `packs/` and found for site.toml.

Before anything is kept: signature, digests of the files and of the labels, entry in the
transparency log; whenever a file is read, the signed document again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks import shelf
from benchmarks.phrases import Phrase
from reporting_agent.state import StateDirectory, write_whole

if TYPE_CHECKING:
    from benchmarks.measurements import Period
    from benchmarks.routes import Pack
    from benchmarks.wire.documents import ApprovedPack
    from benchmarks.wire.heads import TreeHead
    from benchmarks.wire.signing import VerifyingKey

FOLDER = "packs"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}")


class Packs(Protocol):
    """A portal, as far as packs and their entries in its log are asked for; nothing that it answers
    is believed before it is verified.
    """

    def pack(self, pack: str, version: str) -> Mapping[str, Any]: ...

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]: ...


@dataclass(frozen=True, slots=True)
class ApprovedShelf:
    """The shelf of a state directory."""

    folder: Path

    @classmethod
    def of(cls, state: StateDirectory) -> ApprovedShelf:
        return cls(state.path / FOLDER)

    def versions(self) -> Collection[tuple[str, str]]:
        return tuple(
            (str(document["pack"]), str(document["version"])) for document in self.documents()
        )

    def pack(self, pack: str, version: str) -> str | None:
        """Raises VerificationError `pack-altered` where the file is not the one that was
        approved.
        """
        document = next(
            (
                entry
                for entry in self.documents()
                if (entry["pack"], entry["version"]) == (pack, version)
            ),
            None,
        )
        if document is None:
            return None
        content = self._file(pack, version).read_bytes()
        if hashlib.sha256(content).hexdigest() != document["file"]:
            raise _altered(pack, version)
        return content.decode(
            "utf-8"
        )  # of these very bytes: reading a file as text exchanges the line ends of Windows

    def factors(self, version: str) -> str | None:
        """As `pack`, of a table that came with one."""
        file = self._table(version)
        if not _VERSION.fullmatch(version) or not file.exists():
            return None
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() not in {
            document["factors"] for document in self.documents()
        }:
            raise _altered("conversion", version)
        return content.decode("utf-8")

    def practices(self) -> str:
        """Raises VerificationError `library-altered` where the library is not the one that was
        signed.
        """
        from reporting_agent.signed_library import kept_library

        return kept_library(self.folder.parent)

    def documents(self) -> list[dict[str, Any]]:
        """The signed document of every pack that is kept, by name of the file."""
        return [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(self.folder.glob("*.json"))
        ]

    def keep(
        self, document: Mapping[str, Any], pack: str, factors: str, factors_version: str
    ) -> Path:
        """Write it down: the document last, for a file without one is not looked at. The pack's
        file.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._file(str(document["pack"]), str(document["version"]))
        write_whole(file, pack.encode("utf-8"))
        if factors:
            write_whole(self._table(factors_version), factors.encode("utf-8"))
        write_whole(
            file.with_suffix(".toml.json"),
            json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8"),
        )
        return file

    def _file(self, pack: str, version: str) -> Path:
        return self.folder / f"{pack}-{version}.toml"

    def _table(self, version: str) -> Path:
        return self.folder / f"conversion-{version}.factors"


@dataclass(frozen=True, slots=True)
class PackCollection:
    """What is kept, and one table of factors that is being looked at."""

    beneath: shelf.Shelf
    text: str
    version: str

    def versions(self) -> Collection[tuple[str, str]]:
        return self.beneath.versions()

    def pack(self, pack: str, version: str) -> str | None:
        return self.beneath.pack(pack, version)

    def factors(self, version: str) -> str | None:
        return self.text if self.text and version == self.version else self.beneath.factors(version)

    def practices(self) -> str:
        return self.beneath.practices()


def fetch(
    approved_shelf: ApprovedShelf,
    portal: Packs,
    keys: Mapping[str, VerifyingKey],
    head: TreeHead,
    pack: str,
    version: str,
) -> tuple[ApprovedPack, Path]:
    """Take one version from the portal, verify all of it, and keep it.

    Args:
        keys: receipt keys of the portal's key directory.
        head: of its log, verified and held against the one seen before.

    Raises:
        VerificationError: `pack-signature-invalid`, `pack-altered`, `pack-digest-differs`,
            `pack-not-logged`; nothing is kept.
        InputError: the file is no pack.
    """
    from datetime import date

    from benchmarks import packs
    from benchmarks.conversion import FactorTable
    from benchmarks.errors import VerificationError
    from benchmarks.wire import documents, logged
    from benchmarks.wire.logged import EntryKind
    from benchmarks.wire.merkle import require_inclusion

    answer = portal.pack(pack, version)
    document, text, factors = (
        answer["document"],
        str(answer["pack_toml"]),
        str(answer["factors_toml"]),
    )
    approval = documents.verify_pack(document, keys)
    if (
        (approval.pack, approval.version) != (pack, version)
        or not _NAME.fullmatch(pack)
        or not _VERSION.fullmatch(version)
    ):
        raise _altered(pack, version)
    documents.require_files(approval, text, factors)
    table = FactorTable.read(factors, "factors.toml").version if factors else ""
    with shelf.used(PackCollection(approved_shelf, factors, table)):
        digest = packs.digest(packs.checked(text, f"{pack}-{version}.toml")).hex()
    if digest != approval.digest:
        raise VerificationError(
            "pack-digest-differs",
            Phrase(
                (
                    "Labels made with the pack %(pack)s %(version)s would name the digest "
                    "%(digest)s here, but the approved one is "
                    "%(approved)s."
                ),
                pack=pack,
                version=version,
                digest=digest,
                approved=approval.digest,
            ),
            "Use the release of steplabel-agent that the portal names: the factors or corrections "
            "in this one are different.",
        )
    index, on = int(answer["log"]["index"]), date.fromisoformat(str(answer["log"]["on"]))
    leaf = logged.hashed(EntryKind.PACK, logged.pack(approval), on)
    proof = portal.log_inclusion(index, head.size) if index < head.size else ()
    try:
        require_inclusion(leaf, index, head.size, proof, head.root)
    except VerificationError as broken:
        raise VerificationError(
            "pack-not-logged",
            Phrase(
                "The portal's log of %(size)s entries does not contain the approval of %(pack)s "
                "%(version)s at entry %(index)s.",
                size=head.size,
                pack=pack,
                version=version,
                index=index,
            ),
            (
                "Do not use it. Tell the coordinator through another channel than this portal. "
                "`status --heads DIR` saves the head as a "
                "file."
            ),
        ) from broken
    return approval, approved_shelf.keep(document, text, factors, table)


def require_signed(
    approved_shelf: ApprovedShelf, pack: Pack, keys: Mapping[str, VerifyingKey]
) -> None:
    """Refuse an approved pack whose kept document the portal did not sign. Raises VerificationError
    `pack-signature-invalid`.
    """
    from benchmarks.wire import documents

    for document in approved_shelf.documents():
        if (document["pack"], document["version"]) == (pack.id, pack.version):
            documents.verify_pack(document, keys)


def require_in_effect(pack: Pack, period: Period) -> None:
    """Refuse a period that begins before the pack takes effect, or when it no longer is. Raises
    PolicyRefusal `pack-not-in-effect`.
    """
    from benchmarks.errors import PolicyRefusal

    first = period.start.date()
    if pack.effective_from <= first and (pack.effective_to is None or first < pack.effective_to):
        return
    until = Phrase(" until %(day)s", day=pack.effective_to.isoformat()) if pack.effective_to else ""
    raise PolicyRefusal(
        "pack-not-in-effect",
        Phrase(
            "The pack %(pack_id)s %(version)s is in effect for periods that begin from "
            "%(effective_from)s on%(until)s, but "
            "%(period)s begins on %(first)s. Nothing was drawn, spent, written or sent.",
            pack_id=pack.id,
            version=pack.version,
            effective_from=pack.effective_from.isoformat(),
            until=until,
            period=period.name,
            first=first.isoformat(),
        ),
        (
            "Set `pack_version` in site.toml to the version in effect for this period. For your "
            "own use, `label` makes labels with any "
            "version."
        ),
    )


def _altered(pack: str, version: str) -> Exception:
    from benchmarks.errors import VerificationError

    return VerificationError(
        "pack-altered",
        Phrase(
            "The file of the pack %(pack)s %(version)s is not the one that was approved and "
            "signed.",
            pack=pack,
            version=version,
        ),
        "Fetch it again (`steplabel-agent pack fetch`). To change a pack, propose the change to "
        "the authority.",
    )
