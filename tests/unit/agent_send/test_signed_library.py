"""The library of practices is kept only when all of it holds; on any failure the one before stays,
and what is asked tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks import shelf
from benchmarks.declared import Words
from benchmarks.errors import VerificationError
from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.practices import Library, Listing
from benchmarks.wire import documents, logged
from benchmarks.wire.documents import LibraryEdition, sha256
from benchmarks.wire.heads import TreeHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from benchmarks.wire.signing import ReceiptKey
from reporting_agent.approved_packs import ApprovedShelf
from reporting_agent.signed_library import FILE, fetch

ON = date(2026, 11, 21)
COMING = Library.held()
PRACTICE = COMING.practices[20].model_copy(
    update={"id": "collected-7", "list": "firms", "cause": WasteCause.COLD_START, "version": 2}
)
FIRMS = Listing(
    id="firms",
    words=Words(en="A firm", zh="某企业"),
    read_in=Words(en="2026-11-21"),
    confidence="told",
)
TEXT = Library(lists=(FIRMS,), practices=(PRACTICE,)).model_dump_json()


@dataclass
class Portal:
    """What a portal answers, and its log."""

    key: ReceiptKey = field(default_factory=ReceiptKey.generate)
    number: int = 3
    given: str = TEXT
    signed: str = TEXT
    logged: bool = True
    changed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.edition = LibraryEdition(str(self.number), "1", sha256(self.signed), ON.isoformat())
        self.tree = Tree()
        for number in range(5):
            leaf = (
                logged.practices(self.edition)
                if number == 3 and self.logged
                else bytes([number]) * 32
            )
            self.tree.append(logged.hashed(EntryKind.PRACTICES, leaf, ON))

    def practices(self) -> Mapping[str, Any] | None:
        document = documents.sign_library(self.edition, self.key) | self.changed
        return {
            "document": document,
            "library": self.given,
            "log": {"index": 3, "on": ON.isoformat()},
        }

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]:
        return self.tree.inclusion_proof(index, size)

    def fetched(self, state: Path) -> LibraryEdition | None:
        head = TreeHead(len(self.tree), self.tree.root(), 0, self.key.key_id)
        return fetch(state, self, {self.key.key_id: self.key.public}, head)


def test_what_was_fetched_stands_beside_what_comes_with_steplabel(tmp_path: Path) -> None:
    assert Portal().fetched(tmp_path) == LibraryEdition("3", "1", sha256(TEXT), ON.isoformat())
    with shelf.used(ApprovedShelf(tmp_path / "packs")):
        practice_library = Library.held()
    assert len(practice_library.practices) == len(COMING.practices) + 1
    assert practice_library.practices[-1] == PRACTICE
    assert practice_library.listing(PRACTICE) == FIRMS
    assert Library.held() == COMING


def test_a_practice_of_the_same_id_takes_the_place_of_the_one_that_comes_with_steplabel(
    tmp_path: Path,
) -> None:
    same = PRACTICE.model_copy(update={"id": COMING.practices[0].id})
    text = Library(lists=(FIRMS,), practices=(same,)).model_dump_json()
    Portal(given=text, signed=text).fetched(tmp_path)
    with shelf.used(ApprovedShelf(tmp_path / "packs")):
        assert [practice for practice in Library.held().practices if practice.id == same.id] == [
            same
        ]


@pytest.mark.parametrize(
    ("portal", "code"),
    [
        (Portal(given=TEXT.replace("collected-7", "collected-8")), "library-altered"),
        (Portal(changed={"edition": "9"}), "library-signature-invalid"),
        (Portal(changed={"schema": "steplabel/pack/1"}), "library-signature-invalid"),
        (Portal(number=1), "library-older"),
        (Portal(logged=False), "library-not-logged"),
        (Portal(given="{}", signed="{}"), "library-unreadable"),
    ],
    ids=[
        "another file",
        "another edition",
        "another schema",
        "an older one",
        "not in the log",
        "no library",
    ],
)
def test_what_does_not_hold_is_refused_and_the_one_before_stays(
    tmp_path: Path, portal: Portal, code: str
) -> None:
    Portal(number=2).fetched(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(VerificationError) as refused:
        portal.fetched(tmp_path)
    assert refused.value.code == code
    assert (tmp_path / FILE).read_bytes() == before


def test_a_library_of_another_portal_is_refused(tmp_path: Path) -> None:
    portal = Portal()
    stranger = replace(portal, key=ReceiptKey.generate())
    with pytest.raises(VerificationError) as refused:
        fetch(
            tmp_path,
            stranger,
            {portal.key.key_id: portal.key.public},
            TreeHead(5, portal.tree.root(), 0, portal.key.key_id),
        )
    assert refused.value.code == "library-signature-invalid"


@pytest.mark.parametrize(
    "spoil", [("collected-7", "collected-8"), ('"document"', '"documents"'), ("{", "")]
)
def test_a_kept_library_that_was_altered_is_read_no_more(
    tmp_path: Path, spoil: tuple[str, str]
) -> None:
    Portal().fetched(tmp_path)
    file = tmp_path / FILE
    file.write_text(file.read_text(encoding="utf-8").replace(*spoil), encoding="utf-8")
    with shelf.used(ApprovedShelf(tmp_path / "packs")), pytest.raises(VerificationError) as refused:
        Library.held()
    assert refused.value.code == "library-altered"


def test_an_answer_that_is_no_proof_says_nothing_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(_portal: Portal, _index: int, _size: int) -> Sequence[bytes]:
        raise VerificationError("answer-unreadable", "A page of some proxy.", "Ask again.")

    monkeypatch.setattr(Portal, "log_inclusion", page)
    with pytest.raises(VerificationError) as refused:
        Portal().fetched(tmp_path)
    assert refused.value.code == "answer-unreadable"
