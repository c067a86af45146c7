"""Proofs of several entries of the log: the report's own is the one that its receipt names, in whatever order the files are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from benchmarks.wire.logged import EntryKind
from reporting_agent.audit.openings.files import read_all


def served(folder: Path, kind: EntryKind, index: int) -> Path:
    """The portal's answer to a question for the proof of an entry."""
    entry = {"index": index, "kind": kind.value, "object": f"{index:064x}", "on": "2026-02-03", "leaf_hash": f"{index:064x}"}
    file = folder / f"{kind.value}-{index}.json"
    file.write_text(json.dumps({**entry, "size": 20, "proof": [f"{index:064x}"]}), encoding="utf-8")
    return file


@pytest.mark.parametrize("turned", [False, True])
def test_the_envelope_of_the_receipt_is_the_reports(tmp_path: Path, turned: bool) -> None:
    files = [served(tmp_path, EntryKind.ENVELOPE, index) for index in (5, 7)]
    entry = read_all(files[::-1] if turned else files).entry(EntryKind.ENVELOPE, 5)
    assert entry is not None
    assert entry.index == 5


def test_an_entry_of_another_report_alone_is_no_proof_of_this_one(tmp_path: Path) -> None:
    assert read_all([served(tmp_path, EntryKind.ENVELOPE, 7)]).entry(EntryKind.ENVELOPE, 5) is None


def test_where_nothing_tells_which_one_is_the_reports_that_is_said(tmp_path: Path) -> None:
    files = read_all([served(tmp_path, EntryKind.VALUES, index) for index in (6, 8)])
    with pytest.raises(InputError, match="Two different files are both a"):
        files.entry(EntryKind.VALUES)


def test_one_file_given_twice_is_one(tmp_path: Path) -> None:
    file = served(tmp_path, EntryKind.VALUES, 6)
    entry = read_all([file, file]).entry(EntryKind.VALUES)
    assert entry is not None
    assert entry.index == 6
