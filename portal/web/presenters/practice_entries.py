"""Practices on their way into the library: the list of entries, one entry with what may be done,
what is offered and imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from benchmarks.phrases import Name
from portal.practices.entry_texts import lacking
from portal.practices.models import Entry, EntryState
from portal.practices.reviewing import WAITING
from portal.web.presenters.listed import listed
from portal.web.presenters.methods import table_of
from portal.web.presenters.practices import STATES, library_crumbs, title_of, version_url
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import enumerated, in_language, moment_in_words, shown_name, state


def entries_page(
    rows: Sequence[Entry], query: QueryDict, *, to_publish: int, may_offer: bool, regulates: bool
) -> MethodSheet:
    titles = {
        "title": _("Practice"),
        "from": _("Where it comes from"),
        "at": _("Written"),
        "state": _("State"),
    }
    table = listed(
        rows,
        query,
        caption=_("Entries"),
        titles=titles,
        keys={
            "at": lambda entry: entry.written_at,
            "title": title_of,
            "state": lambda entry: entry.state,
        },
        default="-at",
        cells=_entry_row,
        empty=_("Nothing on record matches this filter.")
        if rows
        else _(
            "There is no entry yet. A firm describes its own practices step by step. A regulator "
            "imports a published list."
        ),
        shown=(
            (EntryState.OFFERED, _("offered"), _is(EntryState.OFFERED)),
            (EntryState.REVIEWED, _("reviewed"), _is(EntryState.REVIEWED)),
        ),
    )
    links = [Link(_("The library"), reverse("web:practices"))]
    if regulates:
        links.append(Link(_("Import a published list"), reverse("web:import-practices")))
        if to_publish:
            publish = ngettext(
                "Publish %(n)s imported practice", "Publish %(n)s imported practices", to_publish
            )
            links.append(Link(publish % {"n": to_publish}, reverse("web:publish-practices")))
    if may_offer:
        links.append(Link(_("Offer a practice"), reverse("web:offer-practice")))
    lead = _(
        "One person reviews a practice, and a second person publishes it. The library is then "
        "signed and logged, and agents fetch it."
    )
    return MethodSheet(
        _("Practices in progress"),
        crumbs()[:1],
        lead,
        sections=(MethodSection("", table),),
        links=tuple(links),
    )


def _is(wanted: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.state == wanted


def _entry_row(row: Entry) -> tuple[TableCell, ...]:
    return (
        TableCell(
            title_of(row),
            note=_("version %(version)s") % {"version": row.version},
            url=reverse("web:practice-entry", args=[row.pk]),
        ),
        TableCell(_origin(row)),
        TableCell(moment_in_words(row.written_at)),
        TableCell("", state=state(STATES, row.state)),
    )


def entry_page(
    row: Entry,
    fields: Mapping[str, str],
    *,
    wrote: bool,
    regulates: bool,
    own: bool,
    read_against: str,
    agencies: Mapping[str, Name],
    sections: tuple[MethodSection, ...] = (),
    problem: str = "",
) -> FormSheet:
    """`fields`: what the form calls them. `wrote`: the reader wrote a part of it. `problem`: why
    what the reader sent was not taken.
    """
    facts = [
        Fact(_("Where it comes from"), _origin(row)),
        Fact(_("Name in the library"), row.practice, mono=True),
        Fact(_("Version"), str(row.version)),
        Fact(_("Written"), moment_in_words(row.written_at)),
    ]
    if row.reviewed_at is not None:
        facts.append(
            Fact(
                _("Reviewed by"),
                enumerated(
                    (
                        shown_name(agencies.get(row.reviewer, Name(row.reviewer))),
                        moment_in_words(row.reviewed_at),
                    )
                ),
            )
        )
    if row.published_at is not None:
        url = version_url(row.practice, row.version)
        facts.append(
            Fact(pgettext("date", "Published"), moment_in_words(row.published_at), url=url)
        )
    if row.ended_at is not None:
        facts.append(Fact(_("Ended"), f"{moment_in_words(row.ended_at)}\n{row.ended_reason}"))
    sheet = MethodSheet(title_of(row), crumbs(), "", tuple(facts), sections)
    ends = row.state in (*WAITING, EntryState.PUBLISHED) and (regulates or own)
    ready = regulates and row.state == EntryState.REVIEWED
    missing = (
        [fields[name] for name in lacking(row.content, imported=row.organisation_id is None)]
        if ready
        else []
    )
    refuses = row.state != EntryState.PUBLISHED and not own
    end_url = reverse("web:end-practice", args=[row.pk])
    return FormSheet(
        sheet,
        problem,
        read_against,
        reverse("web:practice-entry", args=[row.pk]),
        form_title=_("The next version")
        if row.state == EntryState.PUBLISHED
        else _("What it says"),
        form_note=_for_reviewers() if regulates and row.organisation_id is not None else "",
        button=_("Save as reviewed") if regulates else _("Save"),
        state=state(STATES, row.state),
        act_url=reverse("web:publish-practice", args=[row.pk])
        if ready and not wrote and not missing
        else "",
        act_text=_("Publish this version"),
        why_not=_not_published_yet(missing, wrote=wrote) if ready else "",
        end_url=f"{end_url}?{urlencode({'read_against': read_against})}" if ends else "",
        end_text=_("Refuse it with a reason") if refuses else _("Withdraw it with a reason"),
    )


def _not_published_yet(missing: Sequence[str], *, wrote: bool) -> str:
    if missing:
        return _("Nobody can publish it yet. It lacks: %(fields)s.") % {
            "fields": enumerated(missing)
        }
    return (
        _("You have written or edited a part of it. A second person publishes it.") if wrote else ""
    )


def offer_page() -> FormSheet:
    lead = _(
        "Tell other plants what you do, so that they can do it too. Write the saving per tonne as "
        "a range. Never write how much "
        "energy your step uses: from your energy per tonne others could calculate your label. A "
        "reviewer edits the text, and a "
        "second person publishes it."
    )
    return FormSheet(MethodSheet(_("Offer a practice"), crumbs(), lead), button=_("Offer it"))


def import_page(faults: Sequence[tuple[int, str, str]]) -> MethodSheet:
    lead = _(
        "Every practice names its source and the day on which somebody read the source itself. "
        "Nothing is imported from "
        "second-hand sources."
    )
    rows = tuple(
        (TableCell(str(line)), TableCell(column, mono=True), TableCell(wrong))
        for line, column, wrong in faults
    )
    heads = (_("Line"), _("Column"), _("What is wrong"))
    sections = (
        (MethodSection("", table_of(_("What is wrong in the file"), heads, rows, "")),)
        if faults
        else ()
    )
    links = (
        Link(_("The template, CSV"), reverse("web:practices-template-csv")),
        Link(_("The template, XLSX"), reverse("web:practices-template-xlsx")),
    )
    return MethodSheet(_("Import a published list"), crumbs(), lead, sections=sections, links=links)


def _for_reviewers() -> str:
    return _(
        "Check the text for anything that would reveal the firm’s label: energy per unit in "
        "words, a share of its energy, figures "
        "whose unit is stated elsewhere, or a combination with another entry. The portal refuses "
        "only what it recognises."
    )


def names_of(rows: Iterable[Entry]) -> str:
    return enumerated(title_of(row) for row in rows)


def _origin(row: Entry) -> str:
    if row.organisation is None:
        return in_language(row.content.get("source_en", ""), row.content.get("source_zh", ""))
    name = shown_name(row.organisation.name)
    how = _("to be named") if row.named else _("not to be named")
    return f"{name} ({how})"


def crumbs() -> tuple[Crumb, ...]:
    return (*library_crumbs(), Crumb(_("Practices in progress"), reverse("web:practice-entries")))
