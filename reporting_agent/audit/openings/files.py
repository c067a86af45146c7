"""The files of an audit, read and put together by what is in them: nobody has to say which is
which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.audit import sample_file
from benchmarks.audit.sample_file import ListedEntry, ServedEntry
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import read_bytes
from benchmarks.phrases import Phrase
from benchmarks.wire import documents
from benchmarks.wire.logged import EntryKind
from reporting_agent.audit.openings import recognising
from reporting_agent.audit.openings.recognising import (
    ACT,
    APPROVED_PACK,
    BENCHMARK,
    COMPOSED,
    ENTRY,
    EVIDENCE,
    FORM,
    INCLUSION,
    LISTED,
    SERVED,
    SERVED_CHECKPOINT,
    TREE_HEAD,
    Consistency,
    VersionAct,
    between,
    document,
    kind_of,
    proof_of,
    read_as,
    unknown,
)

WITH_AN_OPENING = frozenset({"draw", "promise", "commitment", INCLUSION})
"""Kinds that are checked together with an opening alone."""

SHOWN_BY_AN_OPENING = frozenset({EntryKind.VALUES, EntryKind.AUDIT_PROMISE})
"""Entries whose thing an opening or its draw holds, and nothing that the portal gives alone."""


@dataclass(frozen=True, slots=True)
class HandedInFiles:
    """What was handed in, by kind; of receipts, heads and proofs between heads there may be
    several, the first head being the draw's.
    """

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: tuple[bytes, ...] = ()
    versions: tuple[bytes, ...] = ()
    """Published versions, plain or with what they were composed of: cells of one may repeat
    another.
    """
    heads: tuple[bytes, ...] = ()
    consistency: tuple[Consistency, ...] = ()
    entries: Mapping[EntryKind, tuple[ServedEntry, ...]] = field(default_factory=dict)
    """Of each kind the one that an evidence file has, else every one that was given by itself."""
    evidence_of: tuple[str, str, int] | None = None
    """Site, period and revision that an evidence file says it is of."""
    listed: tuple[ListedEntry, ...] = ()
    """Every entry of the log that was given by itself, with a proof or without."""
    acts: tuple[VersionAct, ...] = ()
    forms: tuple[str, ...] = ()
    packs: tuple[bytes, ...] = ()
    """Approved packs, with their files or the signed document alone."""
    rows: bool = False
    """Whether an answer was given that is a list, be it empty."""
    restarts: tuple[bytes, ...] = ()
    """The coordinator's statements of restarts of the log, not yet verified."""

    @property
    def of_an_audit(self) -> bool:
        """Whether files are here that say something only together with an opening."""
        audited = not self.entries.keys().isdisjoint(SHOWN_BY_AN_OPENING)
        return (
            audited
            or self.evidence_of is not None
            or not self.by_kind.keys().isdisjoint(WITH_AN_OPENING)
        )

    @property
    def inclusion_proof(self) -> tuple[bytes, ...] | None:
        """The proof that the commitment is in the log, where it was given without its entry."""
        raw = self.by_kind.get(INCLUSION)
        return None if raw is None else proof_of(raw)


def read_all(paths: list[Path]) -> HandedInFiles:
    """Read and tell apart. What is inside an evidence file counts as if it had been given by
    itself.

    Raises:
        InputError: `audit-file-unreadable`, `audit-file-unknown`, `audit-file-twice`.
        VerificationError: `evidence-unreadable`.
    """
    pile = _Pile()
    for path in paths:
        pile.add(read_one(path), path)
    proven = {kind: tuple(entries) for kind, entries in pile.entries.items()} | {
        kind: (entry,) for kind, entry in pile.of_evidence.items()
    }
    several = (
        tuple(pile.receipts),
        tuple(pile.versions),
        tuple(pile.heads),
        tuple(pile.consistency),
        proven,
    )
    lists = (tuple(pile.listed), tuple(pile.acts), tuple(pile.forms), tuple(pile.packs), pile.rows)
    return HandedInFiles(
        pile.by_kind, *several, pile.evidence_of, *lists, restarts=tuple(pile.restarts)
    )


@dataclass(slots=True)
class _Pile:
    """What was read so far. The same file twice is one."""

    by_kind: dict[str, bytes] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)
    versions: dict[bytes, None] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)
    consistency: list[Consistency] = field(default_factory=list)
    entries: dict[EntryKind, list[ServedEntry]] = field(default_factory=dict)
    of_evidence: dict[EntryKind, ServedEntry] = field(default_factory=dict)
    evidence_of: tuple[str, str, int] | None = None
    listed: list[ListedEntry] = field(default_factory=list)
    acts: list[VersionAct] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    packs: list[bytes] = field(default_factory=list)
    rows: bool = False
    restarts: list[bytes] = field(default_factory=list)

    def add(self, raw: bytes, path: Path) -> None:
        kind = kind_of(raw, path)
        if kind == EVIDENCE:
            inside = sample_file.read(document(raw))
            self.evidence_of = (inside.site, inside.period, inside.revision)
            for content in inside.contents().values():
                self.add(content, path)
            self.of_evidence |= {entry.kind: entry for entry in inside.entries}
            self.restarts += inside.statements()
        elif kind in (SERVED_CHECKPOINT, SERVED, LISTED, ENTRY, ACT, FORM):
            self._add_served(kind, raw, path)
        elif kind == TREE_HEAD:
            if raw not in self.heads:
                self.heads.append(raw)
            self.by_kind.setdefault(kind, raw)
        elif kind == "receipt":
            self.receipts.append(raw)
        elif kind == APPROVED_PACK:
            self.packs.append(raw)
        elif kind in (BENCHMARK, COMPOSED):
            self.versions[raw] = None
            self.by_kind.setdefault(kind, raw)
        elif (proof := between(raw)) is not None:
            self.consistency.append(proof)
        elif (entry := read_as(ServedEntry, raw)) is not None:
            self.entries.setdefault(entry.kind, []).append(entry)
            self.listed.append(entry)
        elif self.by_kind.setdefault(kind, raw) != raw:
            raise InputError(
                "audit-file-twice",
                Phrase(
                    "Two different files are both a %(kind)s.",
                    kind=recognising.NAMES.get(kind, kind),
                ),
                "Give one file of each kind.",
                place=Place(str(path)),
                found=recognising.NAMES.get(kind, kind),
                wanted=Phrase("one"),
            )

    def _add_served(self, kind: str, raw: bytes, path: Path) -> None:
        """What an answer of the portal's API holds, and forms."""
        if kind == SERVED_CHECKPOINT:
            self.add(str(document(raw)["checkpoint"]).encode(), path)
        elif kind == SERVED:
            self._add_unwrapped(document(raw), path)
        elif kind == LISTED:
            self._add_rows(recognising.items_of(raw) or [], path)
        elif kind == ENTRY:
            self.listed.append(ListedEntry.model_validate_json(raw))
        elif kind == ACT:
            self.acts.append(VersionAct.model_validate_json(raw))
        else:
            self.forms.append(recognising.form_of(raw) or kind)

    def _add_rows(self, rows: list[dict[str, Any]], path: Path) -> None:
        """Rows of a list one by one; those in which nothing is signed or logged make the whole a
        form to be read.
        """
        self.rows = True
        for row in rows:
            raw = json.dumps(row).encode()
            signed_or_logged = (
                row.get("schema") == documents.PACK_SCHEMA
                or read_as(ListedEntry, raw) is not None
                or read_as(VersionAct, raw) is not None
            )
            if signed_or_logged:
                self.add(raw, path)
            elif not self._add_unwrapped(row, path) and "JSON" not in self.forms:
                self.forms.append("JSON")

    def _add_unwrapped(self, answer: dict[str, Any], path: Path) -> bool:
        """What is signed inside an answer; whether there is anything."""
        try:
            inside = list(recognising.unwrapped(answer))
        except (
            ValueError,
            TypeError,
            AttributeError,
        ) as wrong:  # JSON of another shape, of whatever program
            raise unknown(path) from wrong
        for content in inside:
            self.add(content, path)
        return bool(inside)


def read_one(path: Path) -> bytes:
    """The file's bytes."""
    try:
        return read_bytes(path)
    except OSError as error:
        raise InputError(
            "audit-file-unreadable",
            "The file cannot be read.",
            "Give the path of an existing file.",
            place=Place(str(path)),
            found=str(error.strerror or error),
        ) from error


def lacking(what: Phrase, why: Phrase) -> InputError:
    return InputError(
        "audit-file-lacking",
        Phrase("The %(what)s is missing: %(why)s.", what=what, why=why),
        "Give it as well.",
        wanted=what,
    )
