"""Reading proposals, what was said of them, and the packs that came of them; who is a national
regulator, and so may decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.accounts.audience import regulators_of_nations
from portal.accounts.models import User
from portal.accounts.selectors import jurisdictions_of
from portal.governance.models import Comment, Proposal, ProposalState
from portal.plain_views import view_of
from portal.publication.models import Publication
from portal.publication.rows import in_force

APPROVALS = 2
"""People other than the proposer."""


@dataclass(frozen=True, slots=True)
class ProposalRemark:
    """A comment with its answers, or an approval with its note, which counts as long as its giver
    may decide.
    """

    id: int
    by: str
    at: datetime
    text: str
    answers: tuple[ProposalRemark, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as those concerned read it; what this reader may do."""

    id: int
    pack: str
    version: str
    corrects: str
    digest: str
    effective_from: date
    reason: str
    sources: str
    proposed_by: str
    proposed_at: datetime
    state: str
    ended_by: str
    ended_at: datetime | None
    ended_reason: str
    log_index: int | None
    file: str
    factors: str
    factors_version: str
    comments: tuple[ProposalRemark, ...]
    approvals: tuple[ProposalRemark, ...]
    may_decide: bool
    may_withdraw: bool

    @property
    def unanswered(self) -> int:
        return sum(not comment.answers for comment in self.comments)


@dataclass(frozen=True, slots=True)
class ApprovedPackView:
    """An approved pack, as everybody may have it."""

    document: dict[str, Any]
    file: str
    factors: str
    log_index: int
    reason: str
    sources: str


def may_decide(user: User) -> bool:
    """Whether the person regulates a nation: a pack holds for all of it."""
    return any(jurisdiction.parent_id is None for jurisdiction in jurisdictions_of(user))


def proposals(user: User) -> tuple[ProposalView, ...]:
    """All of them, the newest first."""
    return _views(_rows(), user)


def proposal(user: User, pk: int) -> ProposalView | None:
    return next(iter(_views(_rows().filter(pk=pk), user)), None)


def proposal_by_id(pk: int) -> Proposal:
    """The row, to decide on; `Proposal.DoesNotExist` where there is none."""
    return Proposal.objects.get(pk=pk)


def comment_to_answer(proposal: int, comment: int) -> Comment | None:
    """A comment on the proposal; None for one on another, and for what is itself an answer."""
    return Comment.objects.filter(proposal=proposal, answers=None, pk=comment).first()


def approved_pack(pack: str, version: str) -> ApprovedPackView | None:
    """None for a version that comes with Steplabel, as for one that is not there."""
    row = Proposal.objects.filter(pack=pack, version=version, state=ProposalState.APPROVED).first()
    return None if row is None else _approved(row)


def approved_packs() -> tuple[ApprovedPackView, ...]:
    """Every one, in the order of their approval."""
    return tuple(
        _approved(row)
        for row in Proposal.objects.filter(state=ProposalState.APPROVED).order_by("log_index")
    )


def errata_of(pack: str, version: str) -> tuple[str, ...]:
    """The versions that correct this one, oldest first."""
    rows = Proposal.objects.filter(
        pack=pack, corrects=version, state=ProposalState.APPROVED
    ).order_by("log_index")
    return tuple(rows.values_list("version", flat=True))


def published_by(pack: str, version: str) -> tuple[Publication, ...]:
    """The publications in force that were composed by this version, the newest period first."""
    rows = in_force().filter(
        period__peer_group__pack=pack, period__peer_group__pack_version=version
    )
    return tuple(rows.select_related("period__peer_group__scope").order_by("-period__start", "-pk"))


def _rows() -> Any:
    return (
        Proposal.objects.select_related("proposed_by", "ended_by")
        .prefetch_related("comments__author", "approvals__by")
        .order_by("-pk")
    )


def _views(rows: Iterable[Proposal], user: User) -> tuple[ProposalView, ...]:
    """Who may decide is asked only where an approval waits for another: first pages list proposals
    too.
    """
    present = list(rows)
    waits = any(row.state == ProposalState.OPEN and row.approvals.all() for row in present)
    deciding = frozenset(regulators_of_nations()) if waits else frozenset()
    return tuple(_view(row, user, deciding) for row in present)


def _view(row: Proposal, user: User, deciding: Collection[int]) -> ProposalView:
    comments = list(row.comments.all())
    approved_by = {approval.by_id for approval in row.approvals.all()}
    enough = (
        len(approved_by.intersection(deciding)) >= APPROVALS
    )  # one of them counts again: either of the two completes it
    is_open = row.state == ProposalState.OPEN
    return view_of(
        ProposalView,
        row,
        id=row.pk,
        proposed_by=str(row.proposed_by),
        ended_by="" if row.ended_by is None else str(row.ended_by),
        comments=tuple(
            _with_answers(comment, comments) for comment in comments if comment.answers_id is None
        ),
        approvals=tuple(
            ProposalRemark(
                approval.pk,
                str(approval.by),
                approval.at,
                approval.note,
                counts=not is_open or approval.by_id in deciding,
            )
            for approval in row.approvals.all()
        ),
        may_decide=is_open
        and row.proposed_by_id != user.pk
        and (enough or user.pk not in approved_by)
        and may_decide(user),
        may_withdraw=is_open and row.proposed_by_id == user.pk,
    )


def _with_answers(comment: Comment, among: list[Comment]) -> ProposalRemark:
    answers = tuple(
        ProposalRemark(answer.pk, str(answer.author), answer.at, answer.text)
        for answer in among
        if answer.answers_id == comment.pk
    )
    return ProposalRemark(comment.pk, str(comment.author), comment.at, comment.text, answers)


def _approved(row: Proposal) -> ApprovedPackView:
    return ApprovedPackView(
        row.document or {}, row.file, row.factors, row.log_index or 0, row.reason, row.sources
    )
