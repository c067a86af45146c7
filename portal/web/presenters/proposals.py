"""Proposals of packs: the list, and one with its differences, its comments and its decision."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import QueryDict
from django.urls import reverse
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.packs.faults import PackFault
from benchmarks.phrases import Phrase
from portal.governance.effects import PackDifference
from portal.governance.selectors import APPROVALS, ProposalView
from portal.sentences import in_words
from portal.web.presenters.differences import differences
from portal.web.presenters.listed import listed
from portal.web.presenters.methods import table_of
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Fact, Link, MethodSection, MethodSheet, ProposalPage
from portal.web.viewmodels.shared import Crumb, Mood
from portal.web.words.terms import Names, in_page_language, moment_in_words, sentence_space, state

STATES: dict[str, tuple[Promise, Mood]] = {
    "open": (gettext_lazy("Open for comment and approval"), "wait"),
    "approved": (gettext_lazy("Approved"), "ok"),
    "refused": (gettext_lazy("Refused"), "no"),
    "withdrawn": (gettext_lazy("Withdrawn"), "no"),
}


def proposals_page(
    views: Sequence[ProposalView], query: QueryDict, *, may_propose: bool
) -> MethodSheet:
    table = listed(
        views,
        query,
        caption=_("Proposals"),
        titles={
            "pack": _("Proposal"),
            "at": _("Proposed"),
            "by": _("by"),
            "from": _("In force from"),
            "comments": _("Comments"),
            "state": _("State"),
        },
        keys={
            "at": lambda proposal: proposal.proposed_at,
            "pack": lambda proposal: (proposal.pack, proposal.version),
            "state": lambda proposal: proposal.state,
        },
        default="-at",
        cells=_row,
        empty=_(
            "Nobody has proposed a version or an erratum yet. A regulator proposes one with its "
            "file, a reason and the sources."
        ),
    )
    links = (
        (Link(_("Propose a version or an erratum"), reverse("web:propose")),) if may_propose else ()
    )
    lead = _(
        "One person proposes, everybody affected can comment, and two other people approve. The "
        "pack is then signed and logged, "
        "and agents fetch it."
    )
    return MethodSheet(
        _("Proposals of method packs"),
        crumbs()[:1],
        lead,
        sections=(MethodSection("", table),),
        links=links,
    )


def _row(view: ProposalView) -> tuple[TableCell, ...]:
    waiting = _("%(n)s without an answer") % {"n": view.unanswered} if view.unanswered else ""
    return (
        TableCell(_title(view), url=reverse("web:proposal", args=[view.id])),
        TableCell(moment_in_words(view.proposed_at)),
        TableCell(view.proposed_by),
        TableCell(view.effective_from.isoformat()),
        TableCell(str(len(view.comments)), note=waiting),
        TableCell("", state=state(STATES, view.state)),
    )


def proposal_page(
    view: ProposalView, difference: PackDifference, *, answers: bool, decides: bool
) -> ProposalPage:
    facts = [
        Fact(_("In force from"), "", day=view.effective_from),
        Fact(
            _("Checked"),
            _("The file is consistent; %(n)s of its numbers lack a complete source.")
            % {"n": difference.incomplete},
        ),
        Fact(
            _("Compared with"),
            _("version %(version)s") % {"version": difference.before.version}
            if difference.before
            else _("nothing: the pack is new"),
        ),
        Fact(_("Digest of the pack’s content (SHA-256)"), view.digest, mono=True),
    ]
    if view.log_index is not None:
        facts.append(
            Fact(
                _("Transparency log"),
                _("entry %(n)s") % {"n": view.log_index},
                url=f"{reverse('web:verify-ask')}?code={view.log_index}",
            )
        )
    links = [
        Link(_("The proposed file"), reverse("web:proposal-file", args=[view.id, "pack.toml"]))
    ]
    if view.factors:
        links.append(
            Link(
                _("Its table of conversion factors"),
                reverse("web:proposal-file", args=[view.id, "factors.toml"]),
            )
        )
    if view.state == "approved":
        links.append(
            Link(
                _("The page of this version"),
                reverse("web:method-version", args=[view.pack, view.version]),
            )
        )
    sheet = MethodSheet(
        _title(view),
        crumbs(),
        "",
        tuple(facts),
        (*differences(difference), *_worth_a_look(difference)),
        tuple(links),
    )
    address = {
        name: reverse(f"web:{name}", args=[view.id])
        for name in ("proposal-comment", "proposal-approve", "proposal-refuse", "proposal-withdraw")
    }
    is_open = view.state == "open"
    return ProposalPage(
        sheet=sheet,
        state=state(STATES, view.state),
        proposed_by=view.proposed_by,
        proposed_at=view.proposed_at,
        reason=view.reason,
        sources=view.sources,
        comments=view.comments,
        approvals=view.approvals,
        ended=_ended(view),
        decision=_decision(view, decides=decides),
        comment_url=address["proposal-comment"] if is_open else "",
        answers=answers and is_open,
        approve_url=address["proposal-approve"] if view.may_decide else "",
        refuse_url=address["proposal-refuse"] if view.may_decide else "",
        withdraw_url=address["proposal-withdraw"] if view.may_withdraw else "",
    )


def _worth_a_look(difference: PackDifference) -> tuple[MethodSection, ...]:
    """What a good pack does otherwise."""
    if not difference.remarks:
        return ()
    rows = tuple(
        (
            TableCell(remark.place, mono=True),
            TableCell(_finding(remark)),
            TableCell(in_words(remark.wanted)),
        )
        for remark in difference.remarks
    )
    table = table_of(
        _("Worth checking"), (_("Place in the file"), _("Found"), _("Advised")), rows, ""
    )
    note = _(
        "A good pack usually does this differently, but there may be a reason. These points do "
        "not block approval."
    )
    return (MethodSection(_("Worth checking"), table, note),)


def _finding(fault: PackFault) -> str:
    """As the file has it, unless the check says it in words."""
    return in_words(fault.found) if isinstance(fault.found, Phrase) else fault.found


def faults_table(faults: Sequence[PackFault]) -> ListTable:
    """What the check of a file found."""
    rows = tuple(
        (
            TableCell(fault.place, mono=True),
            TableCell(_finding(fault)),
            TableCell(in_words(fault.wanted)),
        )
        for fault in faults
    )
    return table_of(
        _("What the check found"), (_("Place in the file"), _("Found"), _("Expected")), rows, ""
    )


def _decision(view: ProposalView, *, decides: bool) -> str:
    if view.state != "open":
        return ""
    approvals_so_far = _("%(n)s of %(of)s approvals are given.") % {
        "n": sum(approval.counts for approval in view.approvals),
        "of": APPROVALS,
    }
    if view.may_decide:
        return (
            approvals_so_far
            + sentence_space()
            + _("You did not propose it, so you may approve or refuse it.")
        )
    if view.may_withdraw:
        return (
            approvals_so_far
            + sentence_space()
            + _("You have proposed it. Two others decide. You may withdraw it with a reason.")
        )
    if decides:
        return (
            approvals_so_far
            + sentence_space()
            + _("You have approved it. Another person must decide too.")
        )
    return approvals_so_far + sentence_space() + _("Regulators at national level decide.")


def _ended(view: ProposalView) -> str:
    if view.ended_at is None:
        return ""
    facts = {
        "who": view.ended_by,
        "when": moment_in_words(view.ended_at),
        "day": dateformat.format(view.effective_from, _("j F Y")),
    }
    sentences = {
        "approved": _(
            "Approved: %(who)s gave the second approval, %(when)s. It is in force for periods "
            "that begin on %(day)s or later."
        ),
        "refused": _("Refused by %(who)s, %(when)s:"),
        "withdrawn": _("Withdrawn by %(who)s, %(when)s:"),
    }
    return f"{sentences[view.state] % facts} {view.ended_reason}".strip()


def _title(view: ProposalView) -> str:
    names = Names.newest(view.pack)
    facts = {
        "pack": in_page_language(names.pack.words) if names.pack else view.pack,
        "version": view.version,
        "corrects": view.corrects,
    }
    return (
        _("%(pack)s %(version)s, an erratum of %(corrects)s") % facts
        if view.corrects
        else _("%(pack)s %(version)s, a new version") % facts
    )


def crumbs() -> tuple[Crumb, ...]:
    """Back to the list of proposals."""
    return (Crumb(_("Proposals of method packs"), reverse("web:proposals")),)
