"""All that an auditor, or anyone, can check of the files at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.audit import checks, openings, signed_draws
from benchmarks.audit.evidence import (
    CheckOutcome,
    CheckState,
    Evidence,
    PublicRecord,
    check_held,
    failed,
    not_asked,
)
from benchmarks.audit.openings import Opening
from benchmarks.audit.signed_draws import Head
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, in_context, in_number
from benchmarks.wire import challenges, commitments, directory, heads
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.audit.openings.examining import AuditorFiles, examine, site_of
from reporting_agent.audit.openings.files import NAMES, STATEMENT, HandedInFiles, lacking
from reporting_agent.audit.openings.log_entries import entries_of, relogged, values_published
from reporting_agent.audit.openings.published import directory_signed, of_the_portal, received_of
from reporting_agent.audit.openings.statements import statement_signed
from reporting_agent.audit.openings.verdict import FILES, AuditVerdict
from reporting_agent.audit.whole_label_on_site import recompute
from reporting_agent.config import SiteSettings


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor brings: the fingerprint of the key that signs the portal's directory, the
    key that openings are sealed to, and the id of the key by which a certification body's auditor
    signs."""

    fingerprint: str | None = None
    unsealing: ProcessingKey | None = None
    auditor: str | None = None


def verify(
    files: HandedInFiles, trust: Trust, *, site: SiteSettings | None = None, folder: Path
) -> AuditVerdict:
    """What holds of these files.

    Args:
        site: the plant's own, to recompute the whole label on site.
        folder: where a pack of the plant's own would lie.

    Raises:
        VerificationError, InputError: a file is not what it should be, or what belongs together is
        not all there.
    """
    opening = _opening(files, trust)
    if opening is None and (site is not None or files.of_an_audit):
        raise lacking(NAMES["opening"], Phrase("nothing of what was published was checked"))
    keys = _keys(files, trust)
    received = received_of(files.receipts, keys)
    findings = []
    if STATEMENT in files.by_kind:
        of_reports = {receipt.envelope_digest for receipt in received}
        findings.append(statement_signed(files.by_kind[STATEMENT], trust.auditor, of_reports))
    findings += of_the_portal(files, trust.fingerprint, keys, alone=opening is None)
    if opening is None:
        if not findings and files.by_kind.keys() == {"directory"}:
            findings.append(directory_signed(files.by_kind["directory"], trust.fingerprint))
        if not findings:
            raise lacking(
                NAMES["opening"], Phrase("nothing else of these files can be checked alone")
            )
        return AuditVerdict(tuple(findings), of=FILES)
    if "draw" not in files.by_kind:
        raise lacking(NAMES["draw"], Phrase("an opening is the answer to one"))
    draw = signed_draws.read(files.by_kind["draw"])
    _require_one_report(files, opening, draw.commitment)
    promise = (
        signed_draws.read_promise(files.by_kind["promise"]) if "promise" in files.by_kind else None
    )
    receipt = _receipt_of(received, draw.commitment)
    head = _head(files, keys, draw.head)
    challenge = _challenge(files, keys)
    entries = entries_of(files, draw, receipt, promise)
    committed = entries.get(EntryKind.COMMITMENT)
    inclusion = files.inclusion_proof if committed is None else committed.proof
    public_files = (
        _commitment(files),
        promise,
        bool(keys),
        head,
        inclusion,
        receipt,
        entries,
        challenge,
    )
    public = PublicRecord(
        *public_files,
        relogged=relogged(committed, files.restarts, trust.fingerprint, keys, challenge),
    )
    handed = AuditorFiles(draw, public, keys)
    evidence = examine(opening, handed, folder)
    if files.acts:
        entry = public.entries.get(EntryKind.VALUES)
        findings.append(
            values_published(
                files.acts,
                None if receipt is None else receipt.log_index,
                None if entry is None else entry.index,
            )
        )
    on_site = _on_site(evidence, site)
    findings += [*settled(checks.run(evidence), on_site), on_site]
    return AuditVerdict(
        tuple(findings), evidence, declared=declared_in(site_of(opening.settings, folder))
    )


def _keys(files: HandedInFiles, trust: Trust) -> Mapping[str, VerifyingKey]:
    raw = files.by_kind.get("directory")
    if raw is None or trust.fingerprint is None:
        return {}
    return directory.verify(raw, trust.fingerprint).receipt_keys()


def _opening(files: HandedInFiles, trust: Trust) -> Opening | None:
    sealed = files.by_kind.get("sealed-opening")
    if sealed is not None:
        if trust.unsealing is None:
            raise lacking(
                in_context("a file of an audit", "key"),
                Phrase("the opening is sealed: give --keys"),
            )
        return openings.read(openings.unseal(sealed, trust.unsealing))
    raw = files.by_kind.get("opening")
    return None if raw is None else openings.read(raw)


def _require_one_report(files: HandedInFiles, opening: Opening, drawn: ReportCommitment) -> None:
    """Refuse files that are of two reports: of two plants, periods or revisions.

    Raises:
        InputError: `audit-files-of-two`.
    """
    contents, subject = opening.contents, (drawn.site, drawn.period, drawn.revision)
    subjects = [(NAMES["opening"], (contents.site, contents.period, contents.revision))]
    if files.evidence_of is not None:
        subjects.append((Phrase("evidence file"), files.evidence_of))
    for name, other in subjects:
        if other != subject:
            of_period = Phrase("periods") if other[1] != subject[1] else Phrase("revisions")
            both = Phrase("plants") if other[0] != subject[0] else of_period
            raise InputError(
                "audit-files-of-two",
                Phrase(
                    "The files belong to two %(both)s: the %(name)s to %(named)s, the draw to "
                    "%(drawn)s.",
                    both=both,
                    name=name,
                    named=_named(*other),
                    drawn=_named(*subject),
                ),
                "Give the files of one report: its opening, and the evidence file of its sample "
                "as the portal gave it.",
                found=_named(*other),
                wanted=_named(*subject),
            )


def _named(site: str, period: str, revision: int) -> Phrase:
    return Phrase(
        "%(site)s %(period)s revision %(revision)s", site=site, period=period, revision=revision
    )


def _commitment(files: HandedInFiles) -> ReportCommitment | None:
    """From the signed commitment, or from the portal's challenge for it, as the auditor has them
    from elsewhere than the plant.
    """
    if "commitment" in files.by_kind:
        return commitments.parse(files.by_kind["commitment"]).commitment
    if "challenge" in files.by_kind:
        return challenges.parse(files.by_kind["challenge"]).commitment
    return None


def _challenge(files: HandedInFiles, keys: Mapping[str, VerifyingKey]) -> Challenge | None:
    """The challenge given beside the opening; verified where the keys are known."""
    raw = files.by_kind.get("challenge")
    if raw is None:
        return None
    return challenges.read(raw, keys) if keys else challenges.parse(raw)


def _head(files: HandedInFiles, keys: Mapping[str, VerifyingKey], drawn: Head) -> Head | None:
    """The portal's signed tree head, the one of the draw among several; None where there is none,
    or no key to verify it with.
    """
    if not files.heads or not keys:
        return None
    signed = [heads.read(raw, keys).head for raw in files.heads]
    shown = [Head(head.size, head.root) for head in signed]
    return drawn if drawn in shown else shown[0]


def _receipt_of(read: Sequence[Receipt], subject: ReportCommitment) -> Receipt | None:
    """The receipt for the report that was drawn from, the first of any other where there is none
    for it.
    """
    wanted = (subject.site, subject.period, subject.revision)
    mine = [
        receipt
        for receipt in read
        if (receipt.header.site, receipt.header.period, receipt.header.revision) == wanted
    ]
    return next(iter([*mine, *read]), None)


def _on_site(evidence: Evidence, site: SiteSettings | None) -> CheckOutcome:
    """The whole label from the plant's files: what a sample cannot show."""
    code = "whole-recomputed"
    if site is None:
        return not_asked(
            code,
            Phrase(
                "The whole label was not recomputed: a sample detects shares of misstated "
                "records, not every single one."
            ),
            Phrase("On site: the same command with --site."),
        )
    again = recompute(
        site,
        evidence.report,
        evidence.key,
        windows=evidence.contents.windows,
        contents=evidence.contents,
    )
    if not again.agrees:
        return failed(
            code,
            in_number(
                len(again.differences),
                "The report cannot be recomputed from the plant's files: %(differences)s "
                "difference.",
                "The report cannot be recomputed from the plant's files: %(differences)s "
                "differences.",
                differences=len(again.differences),
            ),
            Phrase(
                "Check whether files or settings were changed since then. If not, the report was "
                "not made from these data."
            ),
            [difference.words for difference in again.differences],
        )
    return check_held(
        code,
        in_number(
            len(again.labels),
            "The plant's files give the same root, the same %(labels)s label and the same "
            "release, to the digit.",
            "The plant's files give the same root, the same %(labels)s labels and the same "
            "release, to the digit.",
            labels=len(again.labels),
        ),
    )


def settled(findings: Iterable[CheckOutcome], on_site: CheckOutcome) -> list[CheckOutcome]:
    """What no opening shows of withheld labels, the whole recomputation did."""
    again = Phrase(
        "The plant's files give the same withheld labels again, with their reasons: the whole "
        "label was recomputed."
    )
    untold = (
        ("withheld-justified", CheckState.NOT_CHECKABLE)
        if on_site.state is CheckState.HELD
        else None
    )
    return [
        check_held(finding.code, again, finding.count)
        if (finding.code, finding.state) == untold
        else finding
        for finding in findings
    ]
