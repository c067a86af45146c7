"""Something else published than what an auditor or a reader is shown: another report, a left-out
label, another policy, a forked log.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from benchmarks.audit import checks, draw_and_commitment
from benchmarks.audit.evidence import CheckOutcome, Evidence
from benchmarks.errors import VerificationError
from benchmarks.wire import checkpoints, envelope, heads, merkle, pack_conformity
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.sealing import ProcessingPublicKey
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey
from portal import keys
from portal.accounts.models import User
from portal.assurance import auditors, sampling
from portal.assurance.evidence_file import evidence_of
from portal.assurance.models import Assignment, Sample
from portal.intake.models import Submission, SubmissionState
from portal.translog import log
from reporting_agent.audit.openings import published as agent_published
from reporting_agent.cli import main
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.audit.plants import PERIOD
from tests.functional.whole_system.audited_plant import registered
from tests.functional.whole_system.relay import Relay
from tests.integration.audited import draw_of, promise_of
from tests.integration.portal_cast import Cast, Plant, deliver, make_cast, open_waiting
from tests.unit.agent_send.cast import FakePortal

LOWER = 25  # grid points
KEY = AuditorSigningKey.generate()
Answer = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Answer:
    """Run the agent in this process, so that it can be changed; exit code and JSON."""

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, arguments), "--json"])
        output: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, output

    return run


def sealed_lower(
    report: Report, header: Header, key: DeviceKey, recipient: ProcessingPublicKey
) -> bytes:
    """What the changed agent seals: the labels of the report that it keeps, each best value so many
    grid points lower.
    """
    lower = tuple(
        replace(label, best=replace(label.best, grid_point=max(label.best.grid_point - LOWER, 0)))
        for label in report.released.labels
    )
    return honest_build(
        replace(report, released=replace(report.released, labels=lower)), header, key, recipient
    )


honest_build = envelope.build


@pytest.mark.django_db(transaction=True, databases=["default", "vault"])
@pytest.mark.xdist_group("whole-system")
@pytest.mark.timeout(900)
def test_an_agent_that_sends_another_report_than_it_shows_is_found_by_name(
    portal_relay: Relay,
    worker_sweeps: Callable[[], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    stated: State,
) -> None:
    """Committed and drawn honestly; the honest report is kept for the auditor, who asks a real
    portal for the evidence.
    """
    audited = registered(tmp_path)
    of_site = ("--site", audited.site_toml, "--state", tmp_path / "state")
    code, output = answer(
        "enrol",
        "--portal",
        portal_relay.address,
        "--token",
        audited.token,
        "--state",
        tmp_path / "state",
    )
    assert code == 0, output
    with monkeypatch.context() as changed:
        changed.setattr(envelope, "build", sealed_lower)
        code, output = answer("submit", *of_site, "--period", PERIOD)
        assert code == 0, output
    worker_sweeps()
    assert (
        Submission.objects.get().state == SubmissionState.ACCEPTED
    )  # nothing of the portal's own can tell

    sample = _drawn(audited.assignment, audited.auditor)
    draw, evidence, shown = (tmp_path / name for name in ("draw", "evidence.json", "opening"))
    draw.write_bytes(bytes(sample.draw or b""))
    evidence.write_text(json.dumps(evidence_of(sample, keys.receipt_key())), encoding="utf-8")
    code, output = answer("open", draw, *of_site, "--out", shown, "--yes")
    assert (code, output["different"]) == (0, [])  # the plant's files are the honest ones

    verify = (
        "verify",
        shown,
        evidence,
        "--fingerprint",
        audited.fingerprint,
        "--site",
        audited.site_toml,
    )
    code, verdict = answer(*verify)
    failed = [check["code"] for check in verdict["checks"] if check["state"] == "failed"]
    assert (code, verdict["binding"], failed) == (1, "not-bound", ["values-logged"])

    run = checks.run
    monkeypatch.setattr(checks, "run", lambda evidence: run(evidence, _without_binding()))
    code, off = answer(*verify)
    assert [check["code"] for check in off["checks"] if check["state"] == "failed"] == []
    stated(
        Row(
            "another-report",
            f"an agent that sends every best value {LOWER} grid points lower and shows its "
            "auditor the honest report",
            "values found are logged under the report's salt; receipt, entry and proof bind the "
            "opening to them",
            "found by name",
            "`values-logged` fails, no other check does; `not-bound`, exit code 1",
            "check left out: nothing fails",
        )
    )


def _without_binding() -> list[Callable[[Evidence], CheckOutcome]]:
    return [check for check in checks.CHECKS if check is not draw_and_commitment.values_logged]


def _drawn(number: int, email: str) -> Sample:
    assignment, auditor, now = (
        Assignment.objects.get(pk=number),
        User.objects.get(email=email),
        timezone.now(),
    )
    auditors.declare(assignment, auditor, False, "", now)
    auditors.register(assignment.body, KEY.public.hex, auditor, now)
    sample = sampling.promise(assignment, promise_of(assignment, KEY, now), auditor, now)
    with transaction.atomic():
        log.add(EntryKind.KEY_DESTROYED, "ef" * 32, now)  # something else happens
    return sampling.draw(sample, draw_of(sample, KEY), auditor, now)


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(1)


def handed_in(cast: Cast, revision: int, change: Callable[[Report], Report]) -> Submission:
    """A changed report, validly signed and sealed, as the worker leaves it."""
    plant: Plant = cast.plants[0]
    report = change(plant.report(cast.pack, revision))
    raw = envelope.build(
        report,
        plant.header(revision, ledger_sequence=revision),
        plant.key,
        keys.processing_key().public,
    )
    deliver(raw)
    open_waiting()
    return Submission.objects.get(site=plant.site, revision=revision)


def without_a_label(report: Report) -> Report:
    return replace(report, released=replace(report.released, labels=report.released.labels[1:]))


def under_another_policy(report: Report) -> Report:
    return replace(report, policy_digest=bytes(32))


@pytest.mark.django_db(databases=["default", "vault"])
def test_a_label_left_out_silently_is_refused_by_name(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    assert handed_in(cast, 1, without_a_label).reason_code == "label-left-out"
    monkeypatch.setattr(pack_conformity, "_require_every_label", lambda *_: None)
    assert handed_in(cast, 2, without_a_label).state == SubmissionState.ACCEPTED
    stated(
        Row(
            "left-out",
            "a report without one of a step's labels, and without a reason for it",
            "every step and metric that the pack releases is answered, or the report is refused",
            "0 taken",
            "`label-left-out`",
            "not asked: accepted",
        )
    )


@pytest.mark.django_db(databases=["default", "vault"])
def test_a_report_under_another_policy_is_refused_by_name(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    assert handed_in(cast, 1, under_another_policy).reason_code == "policy-mismatch"
    monkeypatch.setattr(pack_conformity, "policy_digest", lambda _policy: bytes(32))
    assert handed_in(cast, 2, under_another_policy).state == SubmissionState.ACCEPTED
    stated(
        Row(
            "policy-digest",
            "a report that names another release policy than the pack's",
            "the worker compares the digest with its own",
            "0 taken",
            "`policy-mismatch`",
            "not compared: accepted",
        )
    )


def test_a_larger_forked_head_without_a_proof_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, stated: State
) -> None:
    portal, files = FakePortal(), []
    log_seen, forked = (
        Tree([merkle.leaf_hash(bytes([index + shift * (index == 1)])) for index in range(12)])
        for shift in (0, 1)
    )
    for name, tree, size in (("seen", log_seen, 7), ("forked", forked, 12)):
        files.append(tmp_path / name)
        files[-1].write_bytes(heads.issue(size, tree.root(size), 0, portal.receipt_key))
    (tmp_path / "directory").write_bytes(portal.signed_directory())
    fingerprint, checkpoint = portal.directory_key.key_id, tmp_path / "checkpoint"
    checkpoint.write_bytes(checkpoints.issue(fingerprint, 12, forked.root(12), portal.receipt_key))
    trust = (tmp_path / "directory", "--fingerprint", fingerprint)
    forms = (("verify", *files, *trust), ("verify", files[0], checkpoint, *trust))
    for verify in forms:
        code, verdict = answer(*verify)
        assert (code, verdict["binding"], verdict["checks"][-1]["code"]) == (
            1,
            "not-bound",
            "heads-agree",
        )
        assert verdict["checks"][-1]["state"] == "not-checkable"
        assert "from=7&to=12" in verdict["checks"][-1]["remedy"]
    with pytest.raises(VerificationError):  # and no proof can be given
        merkle.require_consistency(
            7, log_seen.root(7), 12, forked.root(12), forked.consistency_proof(7, 12)
        )

    monkeypatch.setattr(agent_published, "begins", lambda _size, _proven: {0})
    for verify in forms:
        code, verdict = answer(*verify)
        assert (code, verdict["checks"][-1]["state"]) == (0, "held")
    stated(
        Row(
            "forked-head",
            "a larger head of a forked log, signed or as a checkpoint, handed over without a proof",
            "heads of two sizes, in either form, pass only by a consistency proof between them",
            "never passes",
            "`heads-agree` not checkable, exit code 1, with the proof to ask for",
            "not asked for: held, exit code 0",
        )
    )
