"""Proofs of several entries of the log: the report's own is told by receipt, commitment and
promise, in whatever order files are given.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.wire import logged
from benchmarks.wire.logged import EntryKind
from reporting_agent.audit.openings.files import read_all
from reporting_agent.audit.openings.log_entries import entries_of

HEAD, OWN = 20, 5
COMMITMENT, PROMISE = "aa" * 32, "bb" * 32
DRAW: Any = SimpleNamespace(
    head=SimpleNamespace(size=HEAD), commitment=SimpleNamespace(digest=COMMITMENT)
)
RECEIPT: Any = SimpleNamespace(log_index=OWN)
PROMISED: Any = SimpleNamespace(digest=PROMISE)


def served(
    folder: Path, kind: EntryKind, index: int, digest: str = "cc" * 32, size: int = HEAD
) -> Path:
    """The portal's answer to a question for the proof of an entry; the proof here is the size."""
    logged_object = logged.object_of(bytes.fromhex(digest)).hex()
    entry = {
        "index": index,
        "kind": kind.value,
        "object": logged_object,
        "on": "2026-02-03",
        "leaf_hash": "dd" * 32,
    }
    file = folder / f"{kind.value}-{index}-{size}.json"
    file.write_text(
        json.dumps({**entry, "size": size, "proof": [f"{size:064x}"]}), encoding="utf-8"
    )
    return file


def indices(files: list[Path]) -> dict[EntryKind, int]:
    return {
        kind: entry.index
        for kind, entry in entries_of(read_all(files), DRAW, RECEIPT, PROMISED).items()
    }


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        (EntryKind.ENVELOPE, "cc" * 32),
        (EntryKind.COMMITMENT, COMMITMENT),
        (EntryKind.AUDIT_PROMISE, PROMISE),
    ],
)
def test_the_reports_own_entry_is_taken_among_those_of_others(
    tmp_path: Path, kind: EntryKind, digest: str, turned: bool
) -> None:
    files = [served(tmp_path, kind, OWN, digest), served(tmp_path, kind, 7, "ee" * 32)]
    assert indices(files[::-1] if turned else files) == {kind: OWN}


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_proofs_of_it_the_one_under_the_draws_head_is(tmp_path: Path, turned: bool) -> None:
    files = [served(tmp_path, EntryKind.ENVELOPE, OWN, size=size) for size in (HEAD - 9, HEAD)]
    entries = entries_of(read_all(files[::-1] if turned else files), DRAW, RECEIPT, None)
    assert entries[EntryKind.ENVELOPE].proof == (HEAD.to_bytes(32, "big"),)


def test_an_entry_of_another_report_alone_is_no_proof_of_this_one(tmp_path: Path) -> None:
    assert indices([served(tmp_path, EntryKind.ENVELOPE, 7)]) == {}


def test_where_nothing_tells_which_values_are_the_reports_none_are_taken(tmp_path: Path) -> None:
    values = [served(tmp_path, EntryKind.VALUES, index) for index in (6, 8)]
    assert indices(values) == {}
    assert indices(values[:1] * 2) == {EntryKind.VALUES: 6}
