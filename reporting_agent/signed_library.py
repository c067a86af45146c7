"""The library of practices that the portal signed, as this site keeps it: fetched, verified, then
named in local reports.

What is asked for is the whole library, by an address that names nothing: what fits is found here
(`analysis.energy_costs.fitting_practices`). It is kept in the state directory as one file, which
takes the place of the one before only when all of it was verified.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reporting_agent.state import write_whole

if TYPE_CHECKING:
    from benchmarks.wire.documents import LibraryEdition
    from benchmarks.wire.heads import TreeHead
    from benchmarks.wire.signing import VerifyingKey

FILE = "practices.json"


class Practices(Protocol):
    """A portal, as far as its library and that library's entry in its log are asked for."""

    def practices(self) -> Mapping[str, Any] | None: ...

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]: ...


def kept_library(state: Path) -> str:
    """The library's JSON; empty where none was fetched. Raises VerificationError
    `library-altered`.
    """
    from benchmarks.wire.documents import sha256

    library = _last_library(state)
    text = str(library.get("library", ""))
    if library and sha256(text) != library["document"]["file"]:
        raise _altered()
    return text


def fetch(
    state: Path, portal: Practices, keys: Mapping[str, VerifyingKey], head: TreeHead
) -> LibraryEdition | None:
    """Take the newest edition, verify all of it, and keep it; None where the portal has none. On a
    failure what was kept stays.

    Args:
        keys: receipt keys of the portal's key directory.
        head: of its log, verified and held against the one seen before.

    Raises:
        VerificationError: `library-signature-invalid`, `library-altered`, `library-older`,
            `library-not-logged`; nothing is kept.
    """
    from datetime import date

    from pydantic import ValidationError

    from benchmarks.errors import VerificationError
    from benchmarks.guidance.practices import Library
    from benchmarks.wire import documents, logged
    from benchmarks.wire.documents import sha256
    from benchmarks.wire.logged import EntryKind
    from benchmarks.wire.merkle import require_inclusion

    answer = portal.practices()
    if answer is None:
        return None
    edition, text = documents.verify_library(answer["document"], keys), str(answer["library"])
    if sha256(text) != edition.file:
        raise _altered()
    last_library = _last_library(state)
    if last_library and edition.number < int(last_library["document"]["edition"]):
        raise VerificationError(
            "library-older",
            "The portal gave an edition of its library of practices that is older than the one "
            "saved here.",
            "Keep the edition that you have, and ask the coordinator why.",
        )
    try:
        Library.model_validate_json(text)
    except ValidationError as error:
        raise VerificationError(
            "library-unreadable",
            "This release of steplabel-agent cannot read the portal's library of practices.",
            "Use a newer release; what was saved stays in use.",
        ) from error
    index, on = int(answer["log"]["index"]), date.fromisoformat(str(answer["log"]["on"]))
    proof = portal.log_inclusion(index, head.size) if index < head.size else ()
    try:
        require_inclusion(
            logged.hashed(EntryKind.PRACTICES, logged.practices(edition), on),
            index,
            head.size,
            proof,
            head.root,
        )
    except VerificationError as broken:
        raise VerificationError(
            "library-not-logged",
            "The portal's log does not contain this edition of its library of practices.",
            "Do not use it. Tell the coordinator by a way other than this portal.",
        ) from broken
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(
        state / FILE,
        json.dumps({"document": answer["document"], "library": text}, ensure_ascii=False).encode(
            "utf-8"
        ),
    )
    return edition


def _last_library(state: Path) -> dict[str, Any]:
    file = state / FILE
    if not file.exists():
        return {}
    try:
        library = json.loads(file.read_text(encoding="utf-8"))
        (
            int(library["document"]["edition"]),
            str(library["document"]["file"]),
            str(library["library"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _altered() from error
    return dict(library)


def _altered() -> Exception:
    from benchmarks.errors import VerificationError

    return VerificationError(
        "library-altered",
        "The library of practices is not the one that was signed.",
        "Delete practices.json in the state directory and fetch it again (`steplabel-agent "
        "practices fetch`).",
    )
