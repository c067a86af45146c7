"""`verify` takes a signed statement as the portal serves it; a statement that names its own key is
nobody's yet.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.wire import attestations, receipts
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import AuditorSigningKey
from reporting_agent.cli import main
from tests.unit.agent_send.cast import FakePortal
from tests.unit.wire.test_attestations import KEY, STATEMENT, TAKEN_BACK

SIGNED = attestations.sign(attestations.unsigned(STATEMENT), KEY)
OTHER = AuditorSigningKey.generate()
ENVELOPE = "ab" * 32  # which the statement is of


def verified(
    capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, dict[str, str]]:
    code = main(["verify", *map(str, arguments), "--json"])
    report = json.loads(capsys.readouterr().out)
    return code, report["binding"], {check["code"]: check["state"] for check in report["checks"]}


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    path = tmp_path / "statement.cbor"
    path.write_bytes(SIGNED)
    return path


def test_a_statement_holds_by_the_key_that_the_body_states(
    statement: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = (0, "bound", {"statement-signed": "held"})
    assert verified(capsys, statement, "--auditor", KEY.public.key_id) == expected
    statement.write_bytes(attestations.sign(attestations.unsigned(TAKEN_BACK), KEY))
    assert verified(capsys, statement, "--auditor", KEY.public.key_id) == expected


@pytest.mark.parametrize(("lang", "opinion"), [("en", "with reservations"), ("zh", "有保留")])
def test_it_says_the_opinion_in_words_and_until_when_it_is_valid(
    statement: Path, capsys: pytest.CaptureFixture[str], lang: str, opinion: str
) -> None:
    assert main(["verify", str(statement), "--auditor", KEY.public.key_id, "--lang", lang]) == 0
    answer = capsys.readouterr().out
    assert opinion in answer
    assert "qualified" not in answer
    assert STATEMENT.valid_until.isoformat() in answer


def test_a_key_id_may_have_blanks_and_capitals_and_is_refused_where_it_was_cut(
    statement: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part of it as another key would accuse the body of a statement that it did sign."""
    assert verified(capsys, statement, "--auditor", f" {KEY.public.key_id.upper()}")[0] == 0
    for option in ("--auditor", "--fingerprint"):
        assert main(["verify", str(statement), option, KEY.public.key_id[:16], "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "fingerprint-incomplete"


def test_without_a_key_from_elsewhere_it_is_not_checkable(
    statement: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(capsys, statement) == (1, "not-bound", {"statement-signed": "not-checkable"})


def test_of_another_key_altered_or_unsigned_it_fails(
    statement: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = (1, "not-bound", {"statement-signed": "failed"})
    assert verified(capsys, statement, "--auditor", OTHER.public.key_id) == failed
    named = ("--auditor", KEY.public.key_id)
    for raw in (SIGNED[:-1] + bytes([SIGNED[-1] ^ 1]), attestations.unsigned(STATEMENT)):
        statement.write_bytes(raw)
        assert verified(capsys, statement, *named) == failed
    forged = attestations.sign(
        attestations.unsigned(replace(STATEMENT, public_key=OTHER.public_bytes)), OTHER
    )
    statement.write_bytes(forged)
    assert verified(capsys, statement, *named) == failed


@pytest.mark.parametrize(("envelope", "state"), [(ENVELOPE, "held"), ("cd" * 32, "failed")])
def test_beside_a_receipt_it_has_to_be_of_that_report(
    statement: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, envelope: str, state: str
) -> None:
    portal = FakePortal()
    header = Header("works-2", "2025", 1, "0" * 64, "device-1", 1)
    (tmp_path / "receipt").write_bytes(
        receipts.issue(envelope, header, 7, date(2026, 2, 3), portal.receipt_key)
    )
    (tmp_path / "directory").write_bytes(portal.signed_directory())
    trust = ("--fingerprint", portal.directory_key.key_id, "--auditor", KEY.public.key_id)
    _, _, states = verified(capsys, statement, tmp_path / "receipt", tmp_path / "directory", *trust)
    assert states == {"receipt-signed": "held", "statement-signed": state}
