"""Files that prove nothing without what is missing: evidence without its opening, a promise that no
log holds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.audit import checks, draw_and_commitment, sample_file, signed_draws
from benchmarks.audit.evidence import CheckOutcome, CheckState, Evidence, check_held
from benchmarks.audit.sample_file import ProvenEntry
from benchmarks.audit.sampling_plan import STANDARD
from benchmarks.audit.signed_draws import Draw, Head
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from benchmarks.wire import commitments, receipts
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey
from reporting_agent.audit.openings.assembling import assemble, quantiles
from reporting_agent.audit.openings.files import HandedInFiles
from reporting_agent.audit.openings.verdict import AuditVerdict
from reporting_agent.cli import main
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.audit.plants import (
    AUDITOR,
    DAY,
    Reported,
    audited,
    failures,
    log_with,
    material_of,
    public_of,
    write_works,
)
from tests.functional.audit.test_tampering import STEP, opened, some_of, with_batches
from tests.unit.agent_send.cast import LOGGED_ON, FakePortal

MISSTATED, TRIES = 2, 20_000


def lowered(batches: list[Batch]) -> list[Batch]:
    """Two batches of the step took a tenth less."""
    chosen = sorted(some_of(batches))[10 : 10 + MISSTATED]
    lower = [
        replace(
            batch,
            energy=tuple(replace(part, quantity=0.9 * part.quantity) for part in batch.energy),
        )
        for batch in batches
    ]
    return [lower[index] if index in chosen else batch for index, batch in enumerate(batches)]


def by_its_own_date(evidence: Evidence) -> CheckOutcome:
    """The check as it would be if a promise dated by its author were enough."""
    assert evidence.public.promise is not None
    signed_draws.require_promised(evidence.draw, evidence.public.promise)
    return check_held(
        "draw-promised", Phrase("The nonce is the one that the auditor had promised.")
    )


@pytest.mark.timeout(600)
def test_a_promise_that_was_never_logged_binds_no_draw(tmp_path: Path, stated: State) -> None:
    """An auditor who is the plant's friend tries nonces against a head that is known, and dates the
    promise back.
    """
    write_works(tmp_path, "cement", seed=1, days=60, rate=0)
    plant = with_batches(tmp_path, lowered)
    honest = opened(plant)
    assert "records-recomputed" in failures(
        audited(plant, honest.draw, honest.promise, honest.opening)
    )

    misstated = misstated_leaves(plant, tmp_path)
    assert len(misstated) == MISSTATED
    draw, promise = sought(
        plant, misstated, signed_draws.promise(*subject_of(plant), bytes(32), DAY, AUDITOR)
    )
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    elsewhere = public_of(plant, signed_draws.promise(*subject_of(plant), bytes(32), DAY, AUDITOR))
    entries: dict[EntryKind, ProvenEntry] = {
        kind: entry for kind, entry in elsewhere.entries.items() if kind != EntryKind.AUDIT_PROMISE
    }
    public = replace(elsewhere, promise=signed_draws.read_promise(promise), entries=entries)
    verdict = AuditVerdict(audited(plant, draw, promise, opening, public=public))
    assert not verdict.failed
    assert (verdict.bound, verdict.holds) == (False, False)
    assert [
        finding.code
        for finding in verdict.findings
        if finding.state is CheckState.NOT_CHECKABLE and finding.asked
    ] == ["draw-promised"]

    blind = [
        by_its_own_date if check is draw_and_commitment.draw_promised else check
        for check in checks.CHECKS
    ]
    off = AuditVerdict(audited(plant, draw, promise, opening, blind, public))
    assert (off.bound, off.holds) == (True, True)
    stated(
        Row(
            "promise-unlogged",
            f"an auditor, the plant's friend, tries nonces until {MISSTATED} misstated records "
            "are not drawn, and dates its promise back",
            "the promise is an entry of the log before the head that the draw follows from, with "
            "its proof",
            "never bound",
            f"a nonce that misses them is found within {TRIES:,} tries; `draw-promised` not "
            "checkable, `not-bound`",
            "its own date believed: every check holds, bound",
        )
    )


def subject_of(plant: Reported) -> tuple[str, str]:
    return plant.commitment.site, plant.commitment.period


def misstated_leaves(plant: Reported, works: Path) -> set[int]:
    """Leaves of the changed records: those whose energy is not what the plant's own files give."""
    _, material = material_of(works)
    true = {(batch.step, batch.batch_id): batch.energy for batch in material.batches}
    return {
        position
        for position, filed in enumerate(plant.tree.batches, start=1)
        if filed.batch.step == STEP
        and filed.batch.energy != true[filed.batch.step, filed.batch.batch_id]
    }


def sought(plant: Reported, misstated: set[int], other: bytes) -> tuple[Draw, bytes]:
    """The first draw from a known head that opens none of the leaves; and its promise."""
    log = log_with(plant, other)
    head, steps = Head(len(log), log.root()), quantiles(plant.pack)
    contents = plant.tree.contents
    for number in range(1, TRIES):
        nonce = hashlib.sha256(str(number).encode()).digest()
        promise = signed_draws.promise(*subject_of(plant), nonce, DAY, AUDITOR)
        draw = Draw(
            plant.commitment,
            nonce,
            head,
            STANDARD,
            (),
            AUDITOR.public,
            signed_draws.read_promise(promise).digest,
        )
        if misstated & {drawn.position for drawn in draw.positions(contents, steps)}:
            continue
        opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
        if not misstated & {leaf.index for leaf in opening.leaves}:
            return draw, promise
    raise AssertionError("no nonce misses them")


def test_evidence_without_its_opening_is_no_audit(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    stated: State,
) -> None:
    """The portal's honest evidence file, of a plant that opens nothing: its signatures hold, and
    nothing was audited.
    """
    portal, auditor = FakePortal(), AuditorSigningKey.generate()
    committed = ReportCommitment("works-1", "2025", 1, b"r" * 32)
    promise = signed_draws.promise("works-1", "2025", bytes(32), DAY, auditor)
    head = portal.signed_head()
    plan = Draw(
        committed,
        bytes(32),
        Head(50, b"h" * 32),
        STANDARD,
        (),
        auditor.public,
        signed_draws.read_promise(promise).digest,
    )
    files = {
        "directory": portal.signed_directory(),
        "commitment": commitments.commit(committed, "device-1", DeviceKey.generate()),
        "challenge": portal.challenge_for(committed, bytes(32)),
        "receipt": receipts.issue(
            "ab" * 32,
            Header("works-1", "2025", 1, "0" * 64, "device-1", 1),
            7,
            LOGGED_ON,
            portal.receipt_key,
        ),
        "head": head,
        "promise": promise,
        "draw": signed_draws.sign(plan, auditor),
    }
    evidence, page = tmp_path / "evidence.json", tmp_path / "report.html"
    evidence.write_text(
        json.dumps(sample_file.written("works-1", "2025", 1, files, [])), encoding="utf-8"
    )

    def verified() -> tuple[int, dict[str, object]]:
        code = main(
            [
                "verify",
                str(evidence),
                "--fingerprint",
                portal.directory_key.key_id,
                "--out",
                str(page),
                "--json",
            ]
        )
        return code, json.loads(capsys.readouterr().out)

    code, output = verified()
    assert (code, output["error"]["code"], page.exists()) == (1, "audit-file-lacking", False)  # type: ignore[index]
    monkeypatch.setattr(HandedInFiles, "of_an_audit", property(lambda _files: False))
    code, output = verified()
    assert (code, output["held"], output["binding"], page.exists()) == (0, True, "bound", True)
    stated(
        Row(
            "no-opening",
            "a sample's evidence file without the opening it is of, handed to `verify` for a page "
            "that says what holds",
            "what says something only together with an opening is refused without one",
            "no page, never exit code 0",
            "`audit-file-lacking`, exit code 1, no page",
            "taken as files of the portal: held, bound, exit code 0, a page",
        )
    )
