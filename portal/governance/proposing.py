"""Propose, comment on, approve, refuse or withdraw a version of a method pack; the second approval
signs and logs it.

A pack is law for who reports by it: one person proposes it, two others approve it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from benchmarks import packs, shelf
from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase
from benchmarks.wire import documents, logged
from benchmarks.wire.documents import ApprovedPack
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from portal.accounts.audience import regulators_of_nations
from portal.accounts.models import Role, User
from portal.accounts.selectors import roles_of
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.governance import announcing
from portal.governance.approved import with_factors
from portal.governance.checking import check, is_taken
from portal.governance.models import Approval, Comment, Proposal, ProposalState
from portal.governance.selectors import APPROVALS, may_decide
from portal.problems import RefusedError
from portal.translog import log
from portal.whole_text import whole_text

CONCERNED = (Role.REGULATOR, Role.ENTERPRISE, Role.CERTIFICATION_BODY)


def propose(
    by: User, file: str, factors: str, corrects: str, reason: str, sources: str, now: datetime
) -> Proposal:
    """Put a checked file up for comment and approval.

    Raises:
        RefusedError: `not-regulator` (403); `pack-faulty` (409): `checking.check` names every
            fault, or it was proposed at the same moment.
    """
    if Role.REGULATOR not in roles_of(by):
        raise _not_regulator()
    checked = check(file, factors, corrects, scheme_day(now))
    if checked.pack is None:
        raise RefusedError(
            409,
            "pack-faulty",
            "The file is not a pack that can be approved.",
            "Correct every fault that is listed, and upload it again.",
        )
    try:
        with transaction.atomic():
            row = Proposal.objects.create(
                pack=checked.pack.id,
                version=checked.pack.version,
                corrects=corrects,
                file=file,
                factors=factors,
                factors_version=checked.factors,
                digest=checked.digest,
                effective_from=checked.pack.effective_from,
                reason=reason.strip(),
                sources=sources.strip(),
                proposed_by=by,
                proposed_at=now,
            )
            record(now, by.email, Action.PACK_PROPOSED, subject_of(row), row.digest)
            announcing.proposed(row, now)
    except IntegrityError as error:  # at the same moment, when the check above did not see it yet
        raise RefusedError(
            409,
            "pack-faulty",
            Phrase(
                "%(pack)s %(version)s was proposed at the same moment.",
                pack=checked.pack.id,
                version=checked.pack.version,
            ),
            "Read that proposal. If yours differs from it, propose it under another version "
            "number.",
        ) from error
    return row


def comment(
    proposal: Proposal, by: User, text: str, now: datetime, answers: Comment | None = None
) -> Comment:
    """Add a technical comment; a regulator may answer one. The same words in a row, as of a form
    sent twice, stand once.

    Raises:
        RefusedError: `not-concerned`, `not-regulator` (403), `proposal-decided` (409).
    """
    roles = roles_of(by)
    if roles.isdisjoint(CONCERNED):
        raise RefusedError(
            403,
            "not-concerned",
            "Proposals are commented on by regulators, enterprises and certification bodies.",
            "Ask one of them to comment.",
        )
    if answers is not None and Role.REGULATOR not in roles:
        raise _not_regulator()
    with transaction.atomic():
        row = _locked_while_open(proposal)
        last = row.comments.last()
        answered = None if answers is None else answers.pk
        if last is not None and (last.author_id, last.text, last.answers_id) == (
            by.pk,
            text,
            answered,
        ):
            return last
        posted = Comment.objects.create(proposal=row, answers=answers, author=by, at=now, text=text)
        record(now, by.email, Action.PACK_COMMENTED, subject_of(row))
        announcing.commented(row, posted, now)
    return posted


def approve(
    proposal: Proposal, by: User, key: ReceiptKey, now: datetime, note: str = ""
) -> Proposal:
    """Approve it; with the second approval it is signed, logged, and there for everybody to report
    by. An approval of somebody who may no longer decide does not count; where it counts again,
    either of the two approves once more, which makes it so.

    Raises:
        RefusedError: `not-regulator` (403); `proposal-decided`, `own-proposal`, `approved-already`,
            `pack-faulty`, `text-too-long` (409).
    """
    with transaction.atomic():
        row = _locked_while_open(proposal)
        _require_other(row, by)
        already = row.approvals.filter(by=by).exists()
        if not already:
            approval: Approval = Approval.objects.create(
                proposal=row, by=by, at=now, note=whole_text(note)
            )
            record(now, by.email, Action.PACK_SECONDED, subject_of(row), approval.note)
        if row.approvals.filter(by__in=regulators_of_nations()).count() >= APPROVALS:
            _take_effect(row, by, key, now)
        elif already:
            raise RefusedError(
                409,
                "approved-already",
                "You have approved this proposal already.",
                "A second person who did not propose it must also approve it.",
            )
    return row


def refuse(proposal: Proposal, by: User, reason: str, now: datetime) -> Proposal:
    """End it with a reason. Raises RefusedError: `not-regulator` (403), `proposal-decided`,
    `own-proposal` (409).
    """
    with transaction.atomic():
        row = _locked_while_open(proposal)
        _require_other(row, by)
        return _end(row, ProposalState.REFUSED, Action.PACK_REFUSED, by, reason, now)


def withdraw(proposal: Proposal, by: User, reason: str, now: datetime) -> Proposal:
    """The proposer takes it back with a reason. Raises RefusedError: `not-proposer` (403),
    `proposal-decided` (409).
    """
    with transaction.atomic():
        row = _locked_while_open(proposal)
        if row.proposed_by_id != by.pk:
            raise RefusedError(
                403,
                "not-proposer",
                "Only the person who made a proposal can withdraw it.",
                "Refuse it with a reason instead.",
            )
        return _end(row, ProposalState.WITHDRAWN, Action.PACK_WITHDRAWN, by, reason, now)


def subject_of(row: Proposal) -> str:
    """How the audit record names it."""
    return f"pack {row.pack}/{row.version}"


def _locked_while_open(proposal: Proposal) -> Proposal:
    """The row, locked, while it waits for a decision."""
    row = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if row.state != ProposalState.OPEN:
        raise RefusedError(
            409,
            "proposal-decided",
            Phrase(
                "The proposal of %(pack)s %(version)s has already been decided.",
                pack=row.pack,
                version=row.version,
            ),
            "Propose another version.",
        )
    return row


def _require_other(row: Proposal, by: User) -> None:
    if not may_decide(by):
        raise _not_regulator()
    if row.proposed_by_id == by.pk:
        raise RefusedError(
            409,
            "own-proposal",
            "You have proposed this yourself.",
            "Two other people decide about it. You can withdraw it with a reason.",
        )


def _take_effect(row: Proposal, by: User, key: ReceiptKey, now: datetime) -> None:
    """Sign it and log it. What comes with Steplabel may have changed since it was proposed: then
    another digest was read than is signed, or one version would have two contents.
    """
    if any(pack.version == row.version for pack in packs.versions(row.pack)):
        raise RefusedError(
            409,
            "pack-faulty",
            Phrase(
                "Since it was proposed, version %(version)s of this pack has come with Steplabel.",
                version=row.version,
            ),
            "Refuse it, or withdraw it, and propose what differs under another version number.",
        )
    if _digest_now(row) != row.digest or (row.factors and is_taken(row.factors_version)):
        raise RefusedError(
            409,
            "pack-faulty",
            "Since it was proposed, the factors or corrections that it refers to have changed.",
            "Withdraw it and propose it again, so that everybody can read what is approved.",
        )
    pack = ApprovedPack(
        pack=row.pack,
        version=row.version,
        digest=row.digest,
        file=documents.sha256(row.file),
        factors=documents.sha256(row.factors) if row.factors else "",
        effective_from=row.effective_from.isoformat(),
        corrects=row.corrects,
        approved_on=log.day_of(now).isoformat(),
    )
    row.document, row.state, row.ended_at, row.ended_by = (
        documents.sign_pack(pack, key),
        ProposalState.APPROVED,
        now,
        by,
    )
    row.log_index = log.add(EntryKind.PACK, logged.pack(pack).hex(), now)
    row.save(update_fields=["document", "state", "ended_at", "ended_by", "log_index"])
    record(
        now,
        by.email,
        Action.PACK_APPROVED,
        subject_of(row),
        f"log entry {row.log_index}, digest {row.digest}",
    )
    announcing.decided(row, by.pk, now)


def _digest_now(row: Proposal) -> str:
    try:
        with shelf.used(with_factors(row.factors_version, row.factors)):
            return packs.digest(packs.checked(row.file, f"{row.pack}-{row.version}.toml")).hex()
    except SteplabelError:
        return ""


def _end(
    row: Proposal, state: ProposalState, action: Action, by: User, reason: str, now: datetime
) -> Proposal:
    row.state, row.ended_at, row.ended_by, row.ended_reason = state, now, by, whole_text(reason)
    row.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])
    record(now, by.email, action, subject_of(row), row.ended_reason)
    announcing.decided(row, by.pk, now)
    return row


def _not_regulator() -> RefusedError:
    return RefusedError(
        403,
        "not-regulator",
        "You are not a national regulator.",
        "Packs apply to the whole nation: ask one of its regulators.",
    )
