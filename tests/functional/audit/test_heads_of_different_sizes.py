"""Heads of one log that different people kept, held against each other by the log's proofs as
files; no portal is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.wire import checkpoints, heads, merkle
from benchmarks.wire.merkle import Tree
from reporting_agent.cli import main
from tests.unit.agent_send.cast import FakePortal

SIZES = (3, 7, 12)
Verify = Callable[..., tuple[int, dict[str, Any]]]


class Kept:
    """What people kept of one portal: heads, proofs between them, and heads of a log that was
    rewritten.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.portal = folder, FakePortal()
        self.log = Tree([merkle.leaf_hash(bytes([index])) for index in range(SIZES[-1])])
        self.other = Tree(
            [merkle.leaf_hash(bytes([index + (index == 1)])) for index in range(SIZES[-1])]
        )
        self.directory = self._write("directory", self.portal.signed_directory())

    def head(self, size: int, log: Tree | None = None) -> Path:
        at = int(datetime.combine(date(2026, 1, 1), datetime.min.time(), UTC).timestamp())
        tree = self.log if log is None else log
        return self._write(
            f"head-{size}-{log is None}",
            heads.issue(size, tree.root(size), at, self.portal.receipt_key),
        )

    def proof(self, first: int, second: int) -> Path:
        document = {
            "first": first,
            "second": second,
            "proof": [digest.hex() for digest in self.log.consistency_proof(first, second)],
        }
        return self._write(f"proof-{first}-{second}.json", json.dumps(document).encode())

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


@pytest.fixture
def archive(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


@pytest.fixture
def verified(archive: Kept, capsys: pytest.CaptureFixture[str]) -> Verify:
    def verify(*files: Path) -> tuple[int, dict[str, Any]]:
        paths = [*map(str, files), str(archive.directory)]
        code = main(
            ["verify", *paths, "--fingerprint", archive.portal.directory_key.key_id, "--json"]
        )
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, answer

    return verify


@pytest.mark.parametrize(
    "pairs", [((3, 7), (7, 12)), ((3, 12), (7, 12)), ((3, 7), (3, 12), (7, 12))]
)
def test_heads_that_proofs_lead_between_are_of_one_log(
    archive: Kept, verified: Verify, pairs: tuple[tuple[int, int], ...]
) -> None:
    code, verdict = verified(*map(archive.head, SIZES), *(archive.proof(*pair) for pair in pairs))
    (check,) = verdict["checks"]
    assert (code, check["code"], check["state"], check["count"]) == (0, "heads-agree", "held", 3)
    assert "from=" not in check["sentence"]


@pytest.mark.parametrize(
    ("pairs", "asked"), [((), "from=3&to=7, from=7&to=12"), (((3, 7), (3, 12)), "from=7&to=12")]
)
def test_which_proofs_are_still_needed_is_said(
    archive: Kept, verified: Verify, pairs: tuple[tuple[int, int], ...], asked: str
) -> None:
    """Two logs that begin with the same one may still part: 3 leads to 7 and to 12, and says
    nothing of 7 and 12.
    """
    code, verdict = verified(*map(archive.head, SIZES), *(archive.proof(*pair) for pair in pairs))
    assert (code, verdict["binding"], verdict["checks"][0]["state"]) == (
        1,
        "not-bound",
        "not-checkable",
    )
    assert f"consistency proofs {asked}," in verdict["checks"][0]["remedy"]


def test_a_log_that_was_rewritten_is_found_by_the_proof_and_only_by_it(
    archive: Kept, verified: Verify
) -> None:
    early, late = archive.head(7, archive.other), archive.head(12)
    code, verdict = verified(early, late)
    assert (code, verdict["checks"][0]["state"]) == (1, "not-checkable")
    code, verdict = verified(early, late, archive.proof(7, 12))
    assert (code, verdict["checks"][0]["state"]) == (1, "failed")
    assert "does not begin with" in verdict["checks"][0]["sentence"]


def test_a_damaged_proof_or_one_without_its_heads_is_refused(
    archive: Kept, verified: Verify
) -> None:
    proof = archive.proof(7, 12)
    content = json.loads(proof.read_text(encoding="utf-8"))
    proof.write_text(json.dumps(content | {"proof": content["proof"][1:]}), encoding="utf-8")
    code, verdict = verified(archive.head(7), archive.head(12), proof)
    assert (code, verdict["checks"][0]["state"]) == (1, "failed")
    code, refused = verified(archive.head(3), archive.head(12), archive.proof(3, 7))
    assert (code, refused["error"]["code"]) == (1, "audit-file-lacking")
    assert "from 3 to 7 entries" in refused["error"]["sentence"]


def test_a_checkpoint_is_read_as_the_portal_serves_it(
    archive: Kept, verified: Verify, tmp_path: Path
) -> None:
    """As text and as the API's JSON around it. One whose root is not the signed head's, or that is
    of another log, fails.
    """
    plain, served = tmp_path / "checkpoint", tmp_path / "checkpoint.json"
    fingerprint, key = archive.portal.directory_key.key_id, archive.portal.receipt_key
    plain.write_bytes(checkpoints.issue(fingerprint, 7, archive.log.root(7), key))
    served.write_text(
        json.dumps({"size": 7, "cosigned": [], "checkpoint": plain.read_text(encoding="utf-8")}),
        encoding="utf-8",
    )
    for file in (plain, served):
        code, verdict = verified(file, archive.head(7))
        assert (
            code,
            verdict["binding"],
            [(check["code"], check["state"]) for check in verdict["checks"]],
        ) == (
            0,
            "bound",
            [("checkpoint-signed", "held"), ("heads-agree", "held")],
        )
    code, verdict = verified(plain, archive.head(7, archive.other))
    assert (code, [check["state"] for check in verdict["checks"]]) == (1, ["held", "failed"])
    assert verified(plain, archive.head(3))[0] == 1  # two sizes without a proof between them
    assert verified(plain, archive.head(3), archive.proof(3, 7))[0] == 0
    plain.write_bytes(checkpoints.issue("0" * 64, 7, archive.log.root(7), key))
    code, verdict = verified(plain)
    assert (code, verdict["checks"][0]["state"]) == (1, "failed")
