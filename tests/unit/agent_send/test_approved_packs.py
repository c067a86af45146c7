"""An approved pack is kept only when all of it holds, and read only while its file is the one that
was signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs, shelf
from benchmarks.errors import PolicyRefusal, VerificationError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.wire import documents, logged
from benchmarks.wire.documents import ApprovedPack
from benchmarks.wire.heads import TreeHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from benchmarks.wire.signing import ReceiptKey
from reporting_agent.approved_packs import ApprovedShelf, fetch, require_in_effect, require_signed

ON = date(2026, 11, 21)
TEXT = (
    (packs.HOME / "cement.toml")
    .read_text(encoding="utf-8")
    .replace('version = "1"', 'version = "5"', 1)
)


@dataclass
class Portal:
    """What a portal answers, and its log."""

    key: ReceiptKey = field(default_factory=ReceiptKey.generate)
    text: str = TEXT
    changed: dict[str, str] = field(default_factory=dict)
    logged: bool = True

    def __post_init__(self) -> None:
        digest = packs.digest(packs.checked(TEXT, "cement-5.toml")).hex()
        pack = ApprovedPack(
            "cement", "5", digest, documents.sha256(TEXT), "", "2010-01-01", "", ON.isoformat()
        )
        self.approved = replace(pack, **self.changed)
        self.tree = Tree()
        for number in range(5):
            this = number == 3 and self.logged
            leaf = logged.pack(self.approved) if this else bytes([number]) * 32
            self.tree.append(logged.hashed(EntryKind.PACK, leaf, ON))

    @property
    def head(self) -> TreeHead:
        return TreeHead(len(self.tree), self.tree.root(), 0, self.key.key_id)

    def pack(self, _pack: str, _version: str) -> Mapping[str, Any]:
        document = documents.sign_pack(self.approved, self.key)
        return {
            "document": document,
            "pack_toml": self.text,
            "factors_toml": "",
            "log": {"index": 3, "on": ON.isoformat()},
        }

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]:
        return self.tree.inclusion_proof(index, size)

    def fetched(self, folder: Path) -> ApprovedShelf:
        pack_shelf = ApprovedShelf(folder)
        fetch(pack_shelf, self, {self.key.key_id: self.key.public}, self.head, "cement", "5")
        return pack_shelf


def test_what_was_fetched_is_found_by_its_version(tmp_path: Path) -> None:
    pack_shelf = Portal().fetched(tmp_path)
    with shelf.used(pack_shelf):
        assert packs.load("cement", "5").version == "5"
        assert [pack.version for pack in packs.versions("cement")] == ["5", "1"]
        assert packs.load("cement").version == "1"
    assert "5" not in [pack.version for pack in packs.versions("cement")]


def test_a_pack_whose_file_was_written_on_windows_is_read_as_it_was_approved(
    tmp_path: Path,
) -> None:
    text = TEXT.replace("\n", "\r\n")
    pack_shelf = Portal(text=text, changed={"file": documents.sha256(text)}).fetched(tmp_path)
    with shelf.used(pack_shelf):
        assert packs.load("cement", "5").version == "5"


@pytest.mark.parametrize(
    ("portal", "code"),
    [
        (Portal(text=TEXT.replace("quantile = 0.20", "quantile = 0.25", 1)), "pack-altered"),
        (Portal(changed={"digest": "00" * 32}), "pack-digest-differs"),
        (Portal(changed={"version": "6"}), "pack-altered"),
        (Portal(logged=False), "pack-not-logged"),
    ],
    ids=["another file", "another digest", "another version", "not in the log"],
)
def test_what_does_not_hold_is_refused_and_nothing_is_kept(
    tmp_path: Path, portal: Portal, code: str
) -> None:
    with pytest.raises(VerificationError) as refused:
        portal.fetched(tmp_path / "packs")
    assert refused.value.code == code
    assert not (tmp_path / "packs").exists()


def test_a_pack_of_another_portal_is_refused(tmp_path: Path) -> None:
    portal, other = Portal(), ReceiptKey.generate()
    with pytest.raises(VerificationError) as refused:
        fetch(
            ApprovedShelf(tmp_path),
            portal,
            {other.key_id: other.public},
            portal.head,
            "cement",
            "5",
        )
    assert refused.value.code == "pack-signature-invalid"


def test_a_kept_file_that_was_altered_is_read_no_more(tmp_path: Path) -> None:
    portal = Portal()
    pack_shelf = portal.fetched(tmp_path)
    file = tmp_path / "cement-5.toml"
    file.write_text(TEXT.replace("quantile = 0.20", "quantile = 0.25", 1), encoding="utf-8")
    with shelf.used(pack_shelf), pytest.raises(VerificationError) as refused:
        packs.load("cement", "5")
    assert refused.value.code == "pack-altered"


def test_a_kept_document_that_was_altered_with_its_file_is_not_reported_by(tmp_path: Path) -> None:
    portal = Portal()
    pack_shelf = portal.fetched(tmp_path)
    keys = {portal.key.key_id: portal.key.public}
    pack = packs.checked(TEXT, "cement-5.toml")
    require_signed(pack_shelf, pack, keys)
    document = tmp_path / "cement-5.toml.json"
    altered = TEXT.replace("quantile = 0.20", "quantile = 0.25", 1)
    document.write_text(
        document.read_text(encoding="utf-8").replace(
            documents.sha256(TEXT), documents.sha256(altered)
        ),
        encoding="utf-8",
    )
    (tmp_path / "cement-5.toml").write_text(altered, encoding="utf-8")
    with pytest.raises(VerificationError) as refused:
        require_signed(pack_shelf, pack, keys)
    assert refused.value.code == "pack-signature-invalid"


@pytest.mark.parametrize(
    ("begins", "to", "refused"),
    [(2026, None, False), (2027, None, True), (2025, 2026, True), (2025, 2027, False)],
)
def test_a_period_that_begins_before_the_pack_is_in_effect_or_after_it_is_not_reported(
    begins: int, to: int | None, refused: bool
) -> None:
    pack = packs.load("cement").model_copy(
        update={
            "effective_from": date(begins, 1, 1),
            "effective_to": None if to is None else date(to, 1, 1),
        }
    )
    period = Period.parse("2026", UTC)
    if not refused:
        require_in_effect(pack, period)
        return
    with pytest.raises(PolicyRefusal) as refusal:
        require_in_effect(pack, period)
    assert refusal.value.code == "pack-not-in-effect"
    if to is not None:  # every word of it can be said in another language
        assert isinstance(refusal.value.sentence, Phrase)
        assert isinstance(refusal.value.sentence.values["until"], Phrase)
