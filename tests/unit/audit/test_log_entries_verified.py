"""`verify` takes what the log lists, as it is served: entries recomputed, held against heads,
receipts and the version they bind.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.audit.evidence import CheckState
from benchmarks.wire import challenges, checkpoints, heads, logged, merkle, published, receipts
from benchmarks.wire.challenges import LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from benchmarks.wire.schema import Header
from reporting_agent.audit.openings.files import VersionAct
from reporting_agent.audit.openings.log_entries import values_published
from reporting_agent.cli import main
from tests.unit.agent_send.cast import LOGGED_ON, FakePortal

ENVELOPE = "ab" * 32
DOCUMENT: dict[str, Any] = {"schema": published.SCHEMA, "best": 99.6}
COMMITTED = ReportCommitment("works-1", "2025", 1, b"r" * 32)
REPORT, COMMITMENT, VERSION, WITHDRAWN, VALUES = 1, 2, 3, 4, 5
Row = dict[str, Any]


class Log:
    """A log of six entries: a report, a version composed of it, its withdrawal, and others."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.portal = folder, FakePortal()
        self.document = published.sign(DOCUMENT, self.portal.receipt_key)
        digest = published.digest(self.document)
        things = [
            (EntryKind.DEVICE_KEY, b"d" * 32),
            (EntryKind.ENVELOPE, bytes.fromhex(ENVELOPE)),
            (EntryKind.COMMITMENT, bytes.fromhex(COMMITTED.digest)),
            (EntryKind.PUBLICATION, logged.publication(digest, (REPORT,), (VALUES,))),
            (
                EntryKind.PUBLICATION_WITHDRAWN,
                logged.publication_withdrawn(digest, "A wrong unit."),
            ),
            (EntryKind.KEY_DESTROYED, b"e" * 32),
        ]
        self.rows: list[Row] = [
            {
                "index": index,
                "kind": kind.value,
                "object": logged.object_of(thing).hex(),
                "on": LOGGED_ON.isoformat(),
                "leaf_hash": logged.hashed(kind, thing, LOGGED_ON).hex(),
            }
            for index, (kind, thing) in enumerate(things)
        ]
        self.tree = Tree(logged.hashed(kind, thing, LOGGED_ON) for kind, thing in things)
        self.acts = [
            {
                "act": "published",
                "document": digest.hex(),
                "leaves": [REPORT],
                "values": [VALUES],
                "reason": "",
                "log_index": VERSION,
            },
            {
                "act": "withdrawn",
                "document": digest.hex(),
                "leaves": [],
                "values": [],
                "reason": "A wrong unit.",
                "log_index": WITHDRAWN,
            },
        ]
        self.directory = self.file("directory", self.portal.signed_directory())
        self.head = self.file(
            "head", heads.issue(len(things), self.tree.root(), 1, self.portal.receipt_key)
        )
        header = Header("works-1", "2025", 1, "0" * 64, "device-1", 1)
        self.receipt = self.file(
            "receipt", receipts.issue(ENVELOPE, header, REPORT, LOGGED_ON, self.portal.receipt_key)
        )

    def early_head(self, size: int, leaves: Tree | None = None) -> Path:
        """What was carried to the site some time before."""
        return self.file(
            f"head-{size}",
            heads.issue(size, (leaves or self.tree).root(size), 1, self.portal.receipt_key),
        )

    def consistency(self, first: int, second: int) -> Path:
        proof = [node.hex() for node in self.tree.consistency_proof(first, second)]
        return self.file("consistency.json", {"first": first, "second": second, "proof": proof})

    def challenge(self, commitment: ReportCommitment) -> Path:
        issued = challenges.issue(
            commitment,
            bytes(32),
            COMMITMENT,
            LOGGED_ON,
            bytes(32),
            LedgerStand(1),
            self.portal.receipt_key,
        )
        return self.file("challenge", issued)

    def file(self, name: str, content: bytes | list[Row] | Row) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def proven(self, index: int) -> Path:
        proof = [node.hex() for node in self.tree.inclusion_proof(index)]
        return self.file(
            f"entry-{index}.json", self.rows[index] | {"size": len(self.rows), "proof": proof}
        )


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


Verify = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def verified(log: Log, capsys: pytest.CaptureFixture[str]) -> Verify:
    def verify(*files: Path) -> tuple[int, dict[str, dict[str, Any]]]:
        paths = [*map(str, files), str(log.directory)]
        code = main(["verify", *paths, "--fingerprint", log.portal.directory_key.key_id, "--json"])
        answer = json.loads(capsys.readouterr().out)
        assert "checks" in answer, answer
        return code, {check["code"]: check for check in answer["checks"]}

    return verify


def test_all_entries_of_a_log_hold_by_the_root_that_the_portal_signed(
    log: Log, verified: Verify
) -> None:
    entries = log.file("entries.json", log.rows)
    checkpoint = checkpoints.issue(
        log.portal.directory_key.key_id, len(log.rows), log.tree.root(), log.portal.receipt_key
    )
    for head in (log.head, log.file("checkpoint", checkpoint)):
        code, checks = verified(entries, head, log.receipt)
        assert (code, checks["entries-logged"]["state"], checks["entries-logged"]["count"]) == (
            0,
            "held",
            len(log.rows),
        )


def test_what_stands_beside_no_head_or_proof_is_not_checkable_and_says_what_is_missing(
    log: Log, verified: Verify
) -> None:
    entries = log.file("entries.json", log.rows[1:4])
    code, checks = verified(entries)
    assert (code, checks["entries-logged"]["state"]) == (1, "not-checkable")
    assert "tree head or a checkpoint" in checks["entries-logged"]["remedy"]
    code, checks = verified(entries, log.head)
    assert (code, checks["entries-logged"]["state"]) == (1, "not-checkable")
    assert "index=1&size=6" in checks["entries-logged"]["remedy"]
    code, checks = verified(entries, log.head, *(log.proven(index) for index in (1, 2, 3)))
    assert (code, checks["entries-logged"]["state"]) == (0, "held")
    code, checks = verified(log.file("entry.json", log.rows[1]), log.head, log.proven(1))
    assert (code, checks["entries-logged"]["state"]) == (0, "held")
    code, checks = verified(log.file("none.json", []))
    assert (code, checks["entries-logged"]["state"]) == (1, "not-checkable")


@pytest.mark.parametrize(
    "content", [[{"reports": 3}], [{"reports": ["works-1"]}], {"head": "aGVhZA==", "reports": 3}]
)
def test_json_of_another_program_is_no_file_of_an_audit(
    log: Log, capsys: pytest.CaptureFixture[str], content: Any
) -> None:
    assert main(["verify", str(log.file("other.json", content)), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "audit-file-unknown"


@pytest.mark.parametrize("raw", ["[" * 100_000, '{"a":' * 100_000], ids=["lists", "objects"])
def test_a_file_that_is_all_brackets_is_no_file_of_an_audit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: str
) -> None:
    (tmp_path / "deep.json").write_text(raw, encoding="utf-8")
    assert main(["verify", str(tmp_path / "deep.json"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "audit-file-unknown"


@pytest.mark.parametrize("document", ["steplabel/pack/1", ["pack"], 1])
def test_an_approved_pack_whose_document_is_none_fails_in_words(
    log: Log, verified: Verify, document: Any
) -> None:
    answer = {"document": document, "pack_toml": "", "factors_toml": "", "log": {}}
    code, checks = verified(log.file("pack.json", answer))
    assert (code, checks["pack-signed"]["state"]) == (1, "failed")


@pytest.mark.parametrize("name", ["kind", "object", "on", "leaf_hash", "index"])
@pytest.mark.parametrize("rehashed", [False, True])
def test_a_falsified_entry_fails_by_name(
    log: Log, verified: Verify, name: str, rehashed: bool
) -> None:
    """Whether or not its leaf hash was made to fit: then the root, its proof or the receipt
    contradicts it.
    """
    value = {
        "kind": "attestation",
        "object": "cd" * 32,
        "on": "2020-01-01",
        "leaf_hash": "cd" * 32,
        "index": 2,
    }[name]
    row = log.rows[REPORT] | {name: value}
    if rehashed and name != "leaf_hash":
        leaf = logged.leaf_of_object(
            EntryKind(row["kind"]), bytes.fromhex(row["object"]), LOGGED_ON.fromisoformat(row["on"])
        )
        row["leaf_hash"] = merkle.leaf_hash(leaf).hex()
    rows = [row if entry is log.rows[REPORT] else entry for entry in log.rows]
    for files in (
        (log.file("entries.json", rows), log.head),
        (log.file("entry.json", row), log.head, log.proven(row["index"])),
        (log.file("proven.json", json.loads(log.proven(REPORT).read_bytes()) | row), log.head),
    ):
        code, checks = verified(*files)
        assert (code, checks["entries-logged"]["state"]) == (1, "failed"), name


def test_an_entry_that_is_not_of_the_report_of_a_receipt_fails_though_the_log_holds_it(
    log: Log, verified: Verify
) -> None:
    header = Header("works-1", "2025", 1, "0" * 64, "device-1", 1)
    receipt = log.file(
        "other", receipts.issue("cd" * 32, header, REPORT, LOGGED_ON, log.portal.receipt_key)
    )
    code, checks = verified(log.proven(REPORT), log.head, receipt)
    assert (code, checks["receipt-signed"]["state"], checks["entries-logged"]["state"]) == (
        1,
        "held",
        "failed",
    )
    code, checks = verified(log.proven(REPORT), log.head, log.receipt)
    assert (code, checks["entries-logged"]["state"]) == (0, "held")


def test_files_carried_to_an_offline_site_show_a_fork_a_log_set_back_and_an_entry_that_is_missing(
    log: Log, verified: Verify
) -> None:
    """Heads, the proof between them, and the challenge's entry: what an agent with contact looks
    for at every contact.
    """
    size, challenge = len(log.rows), log.challenge(COMMITTED)
    carried = (log.consistency(2, size), log.proven(COMMITMENT), log.head, challenge)
    code, checks = verified(log.early_head(2), *carried)
    assert (code, {check["state"] for check in checks.values()}) == (0, {"held"})
    assert list(checks) == ["challenge-signed", "heads-agree", "entries-logged"]

    other = Tree(bytes.fromhex(row["leaf_hash"]) for row in reversed(log.rows))
    for before in (log.early_head(2, other), log.early_head(size, other)):
        files = carried if before.name == "head-2" else carried[1:]
        code, checks = verified(before, *files)
        assert (code, checks["heads-agree"]["state"]) == (1, "failed")
    code, checks = verified(
        log.early_head(size), log.early_head(2)
    )  # it shrank: no proof leads from the larger to the smaller
    assert (code, checks["heads-agree"]["state"]) == (1, "not-checkable")

    code, checks = verified(
        log.early_head(2),
        *carried[:3],
        log.challenge(ReportCommitment("works-1", "2025", 1, b"s" * 32)),
    )
    assert (code, checks["challenge-signed"]["state"], checks["entries-logged"]["state"]) == (
        1,
        "held",
        "failed",
    )


def test_a_head_of_another_log_fails(log: Log, verified: Verify) -> None:
    other = Tree([*(bytes.fromhex(row["leaf_hash"]) for row in log.rows[:-1]), bytes(32)])
    head = log.file("other", heads.issue(len(log.rows), other.root(), 1, log.portal.receipt_key))
    for entries in (log.file("entries.json", log.rows), log.proven(REPORT)):
        code, checks = verified(entries, head)
        assert (code, checks["entries-logged"]["state"]) == (1, "failed")


def test_what_the_log_has_of_a_version_is_held_against_its_entries_and_its_document(
    log: Log, verified: Verify
) -> None:
    leaves, version = log.file("leaves.json", log.acts), log.file("benchmark.json", log.document)
    code, checks = verified(leaves, version)
    assert (code, checks["version-logged"]["state"]) == (1, "not-checkable")
    assert f"index={VERSION}" in checks["version-logged"]["remedy"]
    code, checks = verified(leaves, version, log.head, log.proven(VERSION), log.proven(WITHDRAWN))
    assert (code, checks["version-logged"]["state"], checks["version-logged"]["count"]) == (
        0,
        "held",
        1,
    )
    code, checks = verified(leaves, log.head, log.file("entries.json", log.rows))
    assert (code, checks["version-logged"]["state"]) == (0, "held")


def test_a_version_that_was_withdrawn_is_said_to_be_withdrawn_and_why(
    log: Log, verified: Verify
) -> None:
    entries = log.file("entries.json", log.rows)
    for acts, withdrawn in ((log.acts, True), (log.acts[:1], False)):
        check = verified(log.file("leaves.json", acts), log.head, entries)[1]["version-logged"]
        assert check["state"] == "held"
        assert ("It was withdrawn: A wrong unit." in check["sentence"]) is withdrawn


@pytest.mark.parametrize("change", [{"leaves": [0, 1]}, {"document": "cd" * 32}, {"log_index": 5}])
def test_a_falsified_answer_about_a_version_fails_by_name(
    log: Log, verified: Verify, change: Row
) -> None:
    leaves = log.file("leaves.json", [log.acts[0] | change])
    code, checks = verified(leaves, log.head, log.file("entries.json", log.rows))
    assert (code, checks["version-logged"]["state"], checks["entries-logged"]["state"]) == (
        1,
        "failed",
        "held",
    )


def test_a_withdrawal_with_another_reason_and_leaves_of_another_version_fail(
    log: Log, verified: Verify
) -> None:
    entries = log.file("entries.json", log.rows)
    leaves = log.file("leaves.json", [log.acts[0], log.acts[1] | {"reason": "No reason."}])
    assert verified(leaves, log.head, entries)[1]["version-logged"]["state"] == "failed"
    other = log.file(
        "benchmark.json", published.sign(DOCUMENT | {"best": 90.0}, log.portal.receipt_key)
    )
    checks = verified(log.file("leaves.json", log.acts), log.head, entries, other)[1]
    assert (checks["benchmark-signed"]["state"], checks["version-logged"]["state"]) == (
        "held",
        "failed",
    )


def test_receipt_head_and_directory_are_taken_as_the_api_answers_with_them(
    log: Log, verified: Verify
) -> None:
    wrapped = base64.b64encode(log.receipt.read_bytes()).decode()
    for content in (
        {"state": "accepted", "receipt": wrapped},
        [{"receipt": wrapped}],
        {"results": [{"receipt": wrapped}], "next": None},
    ):
        code, checks = verified(log.file("served.json", content))
        assert (code, list(checks)) == (0, ["receipt-signed"])
    assignments = {"results": [{"id": 1, "reports": [{"receipt": wrapped}]}], "next": None}
    assert list(verified(log.file("served.json", assignments))[1]) == ["receipt-signed"]
    code, checks = verified(log.head)
    assert (code, checks["heads-agree"]["state"]) == (0, "held")
    code, checks = verified()
    assert (code, checks["directory-signed"]["state"]) == (0, "held")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"@misc{steplabel,",
        b"TY  - DATA\r\n",
        b"step,product,best\r\n",
        b"<!DOCTYPE html>",
        b'[{"pack": "cement"}]',
    ],
)
def test_a_form_without_a_signature_is_known_and_never_holds(
    log: Log, verified: Verify, content: bytes
) -> None:
    code, checks = verified(log.file("form", content), log.receipt)
    assert (code, checks["receipt-signed"]["state"], checks["form-signed"]["state"]) == (
        1,
        "held",
        "not-checkable",
    )
    assert "benchmark.json" in checks["form-signed"]["remedy"]


PUBLISHED = VersionAct(
    act="published", document="0" * 64, leaves=(1, 7), values=(2, 9), reason="", log_index=11
)


@pytest.mark.parametrize(
    ("report", "values", "state"),
    [
        (7, 9, CheckState.HELD),
        (
            7,
            8,
            CheckState.FAILED,
        ),  # the plant's values are entry 8, the version took those of entry 9
        (3, 4, CheckState.NOT_CHECKABLE),  # the version was not composed of this report
        (None, 9, CheckState.NOT_CHECKABLE),
        (7, None, CheckState.NOT_CHECKABLE),
    ],
)
def test_a_version_is_of_the_values_that_were_opened(
    report: int | None, values: int | None, state: CheckState
) -> None:
    withdrawn = VersionAct(
        act="withdrawn", document="0" * 64, leaves=(), values=(), reason="x", log_index=12
    )
    assert values_published([PUBLISHED, withdrawn], report, values).state is state
