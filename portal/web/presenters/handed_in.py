"""What became of files that somebody handed in, a row for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from benchmarks.errors import SteplabelError, VerificationError
from portal.intake.by_hand import FileOutcome
from portal.intake.models import Commitment, Submission
from portal.sentences import in_words
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.shared import StateWord
from portal.web.viewmodels.tables import ColumnHead
from portal.web.words.terms import period_name, sentence_space, shown_name


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Several files at once: how many of each fate, and a row for each."""

    files: int
    new: int
    before: int  # the portal had them
    refused: int
    table: ListTable


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file and its answer; `refusal` is empty where it was taken."""

    name: str
    stored: Submission | Commitment | None
    created: bool
    refusal: str


def told_of(name: str, answer: FileOutcome | None, fault: str) -> FileAnswer:
    """`fault` is why the file was not even read; otherwise there is an answer."""
    if answer is None:
        return FileAnswer(name, None, created=False, refusal=fault)
    return FileAnswer(name, answer.stored, answer.created, _refusal(answer.refusal))


def handed_in(answers: Sequence[FileAnswer]) -> HandedIn:
    """The page after several files: how many of each fate, and the table."""
    refused = sum(bool(answer.refusal) for answer in answers)
    new = sum(answer.created for answer in answers)
    return HandedIn(
        files=len(answers),
        new=new,
        before=len(answers) - refused - new,
        refused=refused,
        table=ListTable(
            caption=_("Each file separately"),
            columns=(
                ColumnHead(_("File")),
                ColumnHead(_("Answer")),
                ColumnHead(_("Receipt or challenge")),
            ),
            sort_form=None,
            rows=tuple(_row(answer) for answer in answers),
            pages=None,
            narrowings=(),
            export_url="",
            empty="",
        ),
    )


def _row(answer: FileAnswer) -> tuple[TableCell, ...]:
    if answer.stored is None:
        return (
            TableCell(answer.name),
            TableCell(
                "", note=answer.refusal, state=StateWord(pgettext("report", "Refused"), "no")
            ),
            TableCell(""),
        )
    state = (
        StateWord(_("Submitted"), "ok") if answer.created else StateWord(_("Same as before"), "ok")
    )
    about = _("%(site)s, %(period)s, revision %(n)s") % {
        "site": shown_name(answer.stored.site.name),
        "period": period_name(answer.stored.period),
        "n": answer.stored.revision,
    }
    if isinstance(answer.stored, Commitment):
        url = reverse("web:challenge", args=[answer.stored.digest])
        return (
            TableCell(answer.name, note=about),
            TableCell("", state=state),
            TableCell(_("Challenge, to take back to the plant"), url=url, about=about),
        )
    url = reverse("web:submission-receipt", args=[answer.stored.digest])
    page = reverse("web:submission", args=[answer.stored.digest])
    return (
        TableCell(answer.name, note=about, url=page),
        TableCell("", state=state),
        TableCell(_("Signed receipt"), url=url, about=about),
    )


def _refusal(error: SteplabelError | None) -> str:
    """What is wrong with a file's bytes helps whoever writes an agent, not who chose a
    photograph.
    """
    if isinstance(error, VerificationError):
        sentence = _(
            "This is neither a sealed report nor a commitment, or it was altered on the way."
        )
        remedy = _(
            "Choose the file that “steplabel-agent submit --offline” wrote, or copy it again from "
            "the plant’s computer."
        )
        return f"{sentence}{sentence_space()}{remedy}"
    return "" if error is None else in_words(error.whole)
