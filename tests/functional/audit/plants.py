"""A plant that has reported, and an auditor who draws: everything of an audit but the portal, from
files alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.audit import checks, signed_draws
from benchmarks.audit.committed_tree import DataTree
from benchmarks.audit.evidence import Check, CheckOutcome, CheckState, Evidence, PublicRecord
from benchmarks.audit.openings import Opening
from benchmarks.audit.sample_file import ProvenEntry
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan
from benchmarks.audit.signed_draws import Draw, Head
from benchmarks.measurements import Period
from benchmarks.routes import Pack
from benchmarks.wire import challenges, logged, merkle, receipts
from benchmarks.wire.challenges import LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind, ReportRevision
from benchmarks.wire.merkle import Tree
from benchmarks.wire.schema import Header, Report, encode_report
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey, ReceiptKey
from fixtures.simulator.works import Works
from fixtures.simulator.works.design import DESIGNS
from reporting_agent.audit.openings.assembling import ExchangedFiles
from reporting_agent.audit.openings.examining import AuditorFiles, examine
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.sending.planning import ReportPlan, Subject
from reporting_agent.sending.planning import draw as draw_labels
from reporting_agent.sending.report_material import gather_again
from reporting_agent.sending.submission import ReportMaterial
from tests.declaring import declare

SOFTWARE = "steplabel-agent/test"
PERIOD = "2025"
ENTRY, SENT, ACCEPTED, PROMISED = (
    41,
    43,
    44,
    48,
)  # of the log: the commitment, the sealed report, its values, the auditor's promise
ENVELOPE = hashlib.sha256(b"sealed").hexdigest()
DAY = date(2026, 2, 3)


def write_works(folder: Path, pack: str, *, seed: int, days: int, rate: float) -> None:
    """A simulated works of so many days, faults at `rate` times the real rates; its engineer
    declared what the first run proposed.
    """
    shorter = {pack: dataclasses.replace(DESIGNS[pack], days=days)}
    with patch.dict(DESIGNS, shorter):
        Works.live(pack, seed).write(folder, rate)
    declare(folder, PERIOD)


def chance_of(what: str) -> bytes:
    """32 bytes that are the same on every run."""
    return hashlib.sha256(what.encode()).digest()


def key_of(who: str) -> Ed25519PrivateKey:
    """The same key on every run: what an auditor draws follows from keys, and a test that draws
    other days each time fails by chance.
    """
    return Ed25519PrivateKey.from_private_bytes(chance_of(f"key of {who}"))


AUDITOR, DEVICE, PORTAL = (
    AuditorSigningKey(key_of("auditor")),
    DeviceKey(key_of("device")),
    ReceiptKey(key_of("portal")),
)


@dataclass(frozen=True, slots=True)
class Reported:
    """A plant after its report: what it committed to, the portal's answer, and what it released."""

    site: SiteSettings
    pack: Pack
    plan: ReportPlan
    tree: DataTree
    seed: bytes
    commitment: ReportCommitment
    challenge: bytes
    report: Report

    @property
    def answered(self) -> ExchangedFiles:
        key = self.plan.key(self.seed).secret
        return ExchangedFiles(key, self.challenge, encode_report(self.report), DEVICE.public)


def material_of(folder: Path) -> tuple[SiteSettings, ReportMaterial]:
    """The plant's files read and labelled, as `submit` does; once as long as no file of them is
    written anew.
    """
    return _material_of(
        folder,
        tuple(
            (file, file.stat().st_mtime_ns, file.stat().st_size)
            for file in sorted(folder.rglob("*"))
        ),
    )


@lru_cache(maxsize=3)
def _material_of(
    folder: Path, _written: tuple[tuple[Path, int, int], ...]
) -> tuple[SiteSettings, ReportMaterial]:
    site = load_site(folder / "site.toml")
    return site, gather_again(site, Period.parse(PERIOD, site.zone), {})


def plan_of(site: SiteSettings, material: ReportMaterial) -> ReportPlan:
    return material.plan(Subject(site.id, PERIOD, 1, False))


def reported(site: SiteSettings, plan: ReportPlan, tree: DataTree, seed: bytes) -> Reported:
    """Committed to, challenged and drawn."""
    subject, key = plan.subject, plan.key(seed)
    commitment = ReportCommitment(subject.site, subject.period, subject.revision, tree.root)
    nonce = chance_of(f"{tree.root.hex()} challenge")
    challenge = challenges.issue(
        commitment, nonce, ENTRY, DAY, key.seed_commitment, LedgerStand(1), PORTAL
    )
    labels = draw_labels(plan, key, root=tree.root, challenge=nonce)
    report = plan.report(
        labels,
        data_root=tree.root,
        challenge=nonce,
        salt=key.values_salt(tree.root),
        software=SOFTWARE,
    )
    return Reported(site, plan.pack, plan, tree, seed, commitment, challenge, report)


def honest(folder: Path, name: str = "honest") -> Reported:
    site, material = material_of(folder)
    plan, seed = plan_of(site, material), chance_of(f"{name} seed")
    return reported(site, plan, plan.tree(plan.key(seed), SOFTWARE), seed)


def log_with(plant: Reported, promise: bytes, promised: int = PROMISED) -> Tree:
    """A log of 50 entries: commitment, sealed report, its values and the promise at their
    indices.
    """
    others = [merkle.leaf_hash(bytes([index])) for index in range(50)]
    others[ENTRY] = logged.hashed(EntryKind.COMMITMENT, bytes.fromhex(plant.commitment.digest), DAY)
    others[SENT] = logged.hashed(EntryKind.ENVELOPE, bytes.fromhex(ENVELOPE), DAY)
    others[ACCEPTED] = logged.hashed(EntryKind.VALUES, values_of(plant.report), DAY)
    others[promised] = logged.hashed(
        EntryKind.AUDIT_PROMISE, bytes.fromhex(signed_draws.read_promise(promise).digest), DAY
    )
    return Tree(others)


def values_of(report: Report) -> bytes:
    """What the portal's worker logs of a report."""
    released = report.released
    of = ReportRevision(released.site, released.period, released.revision)
    return logged.values(bytes.fromhex(ENVELOPE), of, released.labels, report.salt)


def public_of(plant: Reported, promise: bytes) -> PublicRecord:
    """What the auditor has from the portal."""
    log, commitment, promised = (
        log_with(plant, promise),
        plant.commitment,
        signed_draws.read_promise(promise),
    )
    head = Head(len(log), log.root())
    header = Header(
        commitment.site, commitment.period, commitment.revision, "0" * 64, "device-1", 1
    )
    receipt = receipts.read(
        receipts.issue(ENVELOPE, header, SENT, DAY, PORTAL), {PORTAL.key_id: PORTAL.public}
    )
    entries = {
        EntryKind.ENVELOPE: ProvenEntry(
            SENT, DAY, logged.object_of(bytes.fromhex(ENVELOPE)), tuple(log.inclusion_proof(SENT))
        ),
        EntryKind.VALUES: ProvenEntry(
            ACCEPTED,
            DAY,
            logged.object_of(values_of(plant.report)),
            tuple(log.inclusion_proof(ACCEPTED)),
        ),
        EntryKind.AUDIT_PROMISE: ProvenEntry(
            PROMISED,
            DAY,
            logged.object_of(bytes.fromhex(promised.digest)),
            tuple(log.inclusion_proof(PROMISED)),
        ),
    }
    return PublicRecord(
        commitment, promised, True, head, tuple(log.inclusion_proof(ENTRY)), receipt, entries
    )


def drawn_by_auditor(
    plant: Reported,
    plan: SamplingPlan = STANDARD,
    *,
    nonce: bytes = bytes(32),
    steps: tuple[str, ...] = (),
) -> tuple[Draw, bytes]:
    """The draw and the promise it was bound by."""
    commitment = plant.commitment
    promise = signed_draws.promise(
        commitment.site, commitment.period, nonce, DAY, AUDITOR, plan=plan, steps=steps
    )
    log = log_with(plant, promise)
    draw = Draw(
        commitment,
        nonce,
        Head(len(log), log.root()),
        plan,
        steps,
        AUDITOR.public,
        signed_draws.read_promise(promise).digest,
    )
    return draw, promise


def audited(
    plant: Reported,
    draw: Draw,
    promise: bytes,
    opening: Opening,
    run: Sequence[Check] = checks.CHECKS,
    public: PublicRecord | None = None,
) -> tuple[CheckOutcome, ...]:
    """What the auditor finds."""
    return checks.run(examined(plant, draw, promise, opening, public), run)


def examined(
    plant: Reported,
    draw: Draw,
    promise: bytes,
    opening: Opening,
    public: PublicRecord | None = None,
) -> Evidence:
    """What the checks are given."""
    return examine(
        opening,
        AuditorFiles(draw, public or public_of(plant, promise), {PORTAL.key_id: PORTAL.public}),
        plant.site.folder,
    )


def failures(findings: Sequence[CheckOutcome]) -> dict[str, CheckOutcome]:
    return {finding.code: finding for finding in findings if finding.state is CheckState.FAILED}
