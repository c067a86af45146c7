"""The library of practices: the list, one practice in one version, its payback, and what one's own
sites reported of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.urls import reverse
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from benchmarks.guidance.outcomes import PracticeOutcomes, SavingOutcome
from benchmarks.guidance.practices import Library, Listing, Practice
from benchmarks.phrases import Name
from portal.days import scheme_day
from portal.practices.entry_texts import FIELDS, content_of, listing_and_practice
from portal.practices.models import Entry, EntryState, SiteReport
from portal.web.forms.practices import cause_choices
from portal.web.lists.tables import with_query
from portal.web.presenters.listed import listed
from portal.web.presenters.methods import table_of
from portal.web.presenters.worth import CarrierRow, saved_of
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Fact, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, Mood, SelectOption, StateWord
from portal.web.words.figures import NONE
from portal.web.words.terms import (
    STATUSES,
    TONNES,
    Names,
    dated,
    in_language,
    in_page_language,
    one_of,
    one_of_output,
    output_of_a_year,
    shown_name,
    state,
    unit_in_words,
)

STATES: dict[str, tuple[Promise, Mood]] = {
    EntryState.OFFERED: (gettext_lazy("Offered, waits for a reviewer"), "wait"),
    EntryState.REVIEWED: (gettext_lazy("Reviewed, waits for a second person"), "wait"),
    EntryState.PUBLISHED: (gettext_lazy("In the library"), "ok"),
    EntryState.REPLACED: (gettext_lazy("Replaced by a later version"), "hidden"),
    EntryState.REFUSED: (gettext_lazy("Refused"), "no"),
    EntryState.WITHDRAWN: (gettext_lazy("Withdrawn"), "no"),
}
REPORTED = (
    "reported_sites",
    "reported_firms",
    "reported_years",
    "reported_confirmed",
    *(f"reported_{outcome.replace('-', '_')}" for outcome in SavingOutcome),
)
TABLE = ("id", *FIELDS, "version", "reviewer", "published_on", *REPORTED)


@dataclass(frozen=True, slots=True)
class LibraryPage:
    count: int
    collected: int
    sectors: tuple[SelectOption, ...]
    steps: tuple[SelectOption, ...]
    causes: tuple[SelectOption, ...]
    table: ListTable


@dataclass(frozen=True, slots=True)
class Payback:
    """What the page's script multiplies by the reader's prices and output (`payback.js`). Exact;
    empty where the source gives none.
    """

    product: str
    unit: str  # of the product, as it follows `per`
    output: str  # what is typed to multiply by
    metric: str
    low: str  # of the saving, kWh or MJ for one of the product
    high: str
    investment: str  # US$ for one of yearly capacity
    priced: tuple[CarrierRow, ...]

    @property
    def carriers(self) -> str:
        return " ".join(carrier.id for carrier in self.priced)


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """What one's own sites reported of a practice, and the place to report."""

    title: str
    id: str
    practice: str
    crumbs: tuple[Crumb, ...]
    reports: tuple[OwnReport, ...]
    may_report: bool


@dataclass(frozen=True, slots=True)
class OwnReport:
    pk: int
    site: str
    outcome: str
    state: StateWord
    waits: bool
    unconfirmed: str = (
        ""  # who, when and why, where an auditor refused to confirm it or withdrew the confirmation
    )


def outcome_page(
    practice: Practice, reports: Sequence[SiteReport], *, may_report: bool
) -> OutcomePage:
    own = tuple(
        OwnReport(
            row.pk,
            shown_name(row.site.name),
            _own_outcome(row),
            _own_state(row),
            row.counted_at is None,
            _unconfirmed(row),
        )
        for row in reports
    )
    crumbs = (
        *library_crumbs(),
        Crumb(in_page_language(practice.words), reverse("web:practice", args=[practice.id])),
    )
    return OutcomePage(
        _("Report what it saved at your site"),
        practice.id,
        in_page_language(practice.words),
        crumbs,
        own,
        may_report,
    )


def _unconfirmed(row: SiteReport) -> str:
    """What an auditor did, when and why; empty where none did. The firm knows which body audits
    it.
    """
    if row.unconfirmed_at is None:
        return ""
    facts = {
        "day": dateformat.format(scheme_day(row.unconfirmed_at), _("j F Y")),
        "reason": row.unconfirmed_reason,
    }
    if row.confirmed_key:
        return _("An auditor withdrew the confirmation on %(day)s, because: %(reason)s") % facts
    return _("An auditor refused to confirm it on %(day)s, because: %(reason)s") % facts


def class_found(row: SiteReport) -> str:
    """What a site reports: its class and the year."""
    return _("%(outcome)s (%(year)s)") % {
        "outcome": in_page_language(SavingOutcome(row.outcome).words),
        "year": row.year,
    }


def _own_outcome(row: SiteReport) -> str:
    outcome = class_found(row)
    return (
        _("%(outcome)s, confirmed by an auditor") % {"outcome": outcome}
        if row.confirmed
        else outcome
    )


def _own_state(row: SiteReport) -> StateWord:
    if row.counted_at is not None:
        return StateWord(_("Counted"), "ok")
    if row.unconfirmed_at is not None:
        return StateWord(_("Not confirmed by the auditor, not counted"), "no")
    return StateWord(
        _("Waits for an auditor") if row.asked else _("Waits for four other firms"), "wait"
    )


def library_page(library: Library, query: QueryDict) -> LibraryPage:
    every = library.practices
    sector, step, cause = (query.get(name, "") for name in ("sector", "step", "cause"))
    told = {practice.id: library.listing(practice).confidence == "told" for practice in every}
    order = {practice.id: index for index, practice in enumerate(every)}
    names = {practice.sector: Names.newest(practice.sector) for practice in every}
    causes = {
        practice.cause for practice in every
    }  # a cause that nothing is held against would only lead to an empty list
    steps = dict.fromkeys(
        (practice.sector, practice.step)
        for practice in every
        if practice.step and sector in ("", practice.sector)
    )
    return LibraryPage(
        count=len(every),
        collected=sum(told.values()),
        sectors=_choices(
            _("All sectors"),
            ((code, sector_names.sector) for code, sector_names in names.items()),
            sector,
        ),
        steps=_choices(
            _("All steps"),
            ((where, names[of].step_name(where)) for of, where in steps if where),
            step,
        ),
        causes=_choices(
            _("All causes"),
            ((key, text) for key, text in cause_choices() if key in causes or key == cause),
            cause,
        ),
        table=listed(
            _asked_for(library, query),
            query,
            caption=_("Practices"),
            titles={
                "name": _("Practice"),
                "saving": _("Saving per tonne of the step’s product"),
                "investment": _("Investment, US$ per tonne of yearly capacity"),
            },
            keys={
                "order": lambda practice: (not told[practice.id], order[practice.id]),
                "name": lambda practice: in_page_language(practice.words),
                "saving": lambda practice: (practice.unit, practice.saving),
            },
            default="order",
            cells=lambda practice: _row(library, names[practice.sector], practice),
            size=20,
            empty=_("No practice matches. Choose another step or cause."),
            export_url=reverse("web:practices-csv") + with_query(query, page=None),
        ),
    )


def _asked_for(library: Library, query: Mapping[str, str]) -> list[Practice]:
    """What fits the sector, the step and the cause that are asked for."""
    sector, step, cause = (query.get(name, "") for name in ("sector", "step", "cause"))
    return [
        practice
        for practice in library.practices
        if sector in ("", practice.sector)
        and step in ("", practice.step)
        and cause in ("", practice.cause)
    ]


def _choices(
    every: str, offered: Iterable[tuple[str, str]], asked: str
) -> tuple[SelectOption, ...]:
    return (
        SelectOption("", every, not asked),
        *(SelectOption(value, text, value == asked) for value, text in offered),
    )


def _row(library: Library, names: Names, practice: Practice) -> tuple[TableCell, ...]:
    """The head of the list says tonnes: what is in another unit says so itself."""
    saving, made_in = saving_of(practice), names.step_made_in(practice.step or "")
    other_unit = "" if made_in == TONNES else f"/{unit_in_words(made_in)}"
    return (
        TableCell(
            in_page_language(practice.words),
            note=_where(names, practice),
            url=reverse("web:practice", args=[practice.id]),
        ),
        TableCell(
            f"{saving}{other_unit}",
            num=True,
            note=_in_short(library.reported.get(practice.id)),
        ),
        TableCell(
            NONE if practice.investment is None else f"{practice.investment}{other_unit}", num=True
        ),
    )


def _in_short(reported: PracticeOutcomes | None) -> str:
    if reported is None:
        return ""
    proven = sum(
        count
        for outcome, count in reported.by_outcome.items()
        if outcome not in (SavingOutcome.USED_MORE, SavingOutcome.NOT_PROVEN)
    )
    facts = {"proven": proven, "sites": reported.sites, "confirmed": reported.confirmed}
    return (
        _(
            "proven at %(proven)s of %(sites)s sites that reported; %(confirmed)s confirmed by an "
            "auditor"
        )
        % facts
    )


def _where(names: Names, practice: Practice) -> str:
    step = names.step_name(practice.step) if practice.step else _("the whole works")
    return " · ".join(
        (names.sector, step, *([in_page_language(practice.cause.words)] if practice.cause else []))
    )


def saving_of(practice: Practice) -> str:
    """`4 kWh`, `0.5 to 0.9 MJ`."""
    if practice.saving_to is None:
        return f"{practice.saving} {practice.unit}"
    return _("%(low)s to %(high)s %(unit)s") % {
        "low": practice.saving,
        "high": practice.saving_to,
        "unit": practice.unit,
    }


def library_table(
    library: Library, query: Mapping[str, str]
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Head and rows of the file of what is asked for, in the columns of a list that is imported and
    what the library adds.
    """
    return TABLE, [
        (
            practice.id,
            *content_of(practice, library.listing(practice)).values(),
            practice.version,
            practice.reviewer,
            practice.published_on.isoformat() if practice.published_on else "",
            *_reported_columns(library.reported.get(practice.id)),
        )
        for practice in _asked_for(library, query)
    ]


def _reported_columns(reported: PracticeOutcomes | None) -> tuple[object, ...]:
    if reported is None:
        return ("",) * len(REPORTED)
    return (
        reported.sites,
        reported.firms,
        reported.years,
        reported.confirmed,
        *(reported.by_outcome.get(outcome, 0) for outcome in SavingOutcome),
    )


def practice_page(
    library: Library,
    practice: str,
    versions: Sequence[Entry],
    version: int | None,
    agencies: Mapping[str, Name],
    *,
    reports: bool = False,
) -> MethodSheet | None:
    """The version in force, or the one that is asked for; None where there never was one.
    `agencies`: as `agencies_of` names those that reviewed the versions. `reports`: to a reader who
    has sites.

    Where a firm's practice is withdrawn, all of its versions are.
    """
    in_force = next((measure for measure in library.practices if measure.id == practice), None)
    asked = (
        in_force.version if version is None and in_force is not None else version
    )  # None: nothing is in force, so the newest
    row = next((entry for entry in versions if asked in (None, entry.version)), None)
    if (
        row is not None
        and versions[0].state == EntryState.WITHDRAWN
        and row.organisation_id is not None
    ):
        return _withdrawn(versions[0], versions)
    if row is not None and row.state == EntryState.WITHDRAWN:
        return _withdrawn(row, versions)
    coming = Library.held()
    if row is not None:
        listing, shown = listing_and_practice(row)
    elif came := next(
        (
            measure
            for measure in coming.practices
            if (measure.id, measure.version) == (practice, asked)
        ),
        None,
    ):
        listing, shown = coming.listing(came), came
    else:
        return None
    note = ""
    if in_force is not None and shown.version != in_force.version:
        note = _("This version was replaced by version %(version)s.") % {
            "version": in_force.version
        }
    facts = _facts(listing, shown, row, library.reported.get(practice), agencies)
    links = _links()
    if in_force and reports:
        links = (
            Link(
                _("Report what it saved at your site"),
                reverse("web:practice-outcome", args=[practice]),
            ),
            *links,
        )
    return MethodSheet(
        in_page_language(shown.words),
        library_crumbs(),
        note,
        facts,
        _versions(practice, versions),
        links,
    )


def payback_of(library: Library, practice: str, today: date) -> Payback | None:
    """Of the practice in force; None where there is none."""
    measure = next((each for each in library.practices if each.id == practice), None)
    if measure is None:
        return None
    names = Names.newest(measure.sector)
    step = names.step(measure.step) if measure.step else None
    high, investment = (
        ("" if amount is None else f"{amount}")
        for amount in (measure.saving_to, measure.investment)
    )
    product = in_page_language(step.product_words) if step else measure.per
    made_in = names.step_made_in(measure.step or "")
    output = output_of_a_year(made_in, product, _("Tonnes of %(product)s a year"))
    priced = saved_of(step, measure.metric, today)
    return Payback(
        product,
        one_of_output(made_in),
        output,
        measure.metric.value,
        f"{measure.saving}",
        high,
        investment,
        priced,
    )


def _facts(
    listing: Listing,
    practice: Practice,
    row: Entry | None,
    reported: PracticeOutcomes | None,
    agencies: Mapping[str, Name],
) -> tuple[Fact, ...]:
    names = Names.newest(practice.sector)
    step = names.step(practice.step) if practice.step else None
    product = in_page_language(step.product_words) if step else practice.per
    made_in = names.step_made_in(practice.step or "")
    saving = _("%(saving)s per %(amount)s") % {
        "saving": saving_of(practice),
        "amount": one_of(made_in, product),
    }
    is_told = listing.confidence == "told"
    investment = (
        _("not stated")
        if practice.investment is None
        else _("US$ %(amount)s per %(unit)s of yearly capacity")
        % {"amount": practice.investment, "unit": one_of_output(made_in)}
    )
    agency = shown_name(agencies.get(practice.reviewer, Name(practice.reviewer)))
    reviewed = (
        _("%(agency)s; published by a second person") % {"agency": agency}
        if row
        else _("comes with Steplabel")
    )
    return (
        Fact(
            _("Step"),
            " · ".join(
                (
                    names.sector,
                    names.step_name(practice.step) if practice.step else _("the whole works"),
                )
            ),
        ),
        Fact(
            _("Cause of waste"),
            in_page_language(practice.cause.words)
            if practice.cause
            else _("none: it changes the plant and applies wherever the step has a gap"),
        ),
        *(
            Fact(title, in_page_language(words))
            for title, words in (
                (_("Equipment"), practice.equipment),
                (_("What is done"), practice.done),
                (_("When to use it, and when not"), practice.conditions),
            )
            if words is not None
        ),
        Fact(_("Saving"), f"{saving}\n{_what_it_is(practice, is_told=is_told)}"),
        *(
            [Fact(_("Saving that sites reported"), in_page_language(reported.words))]
            if reported
            else []
        ),
        Fact(_("Investment"), investment),
        Fact(_("Source"), source_of(listing)),
        Fact(
            pgettext("date", "Published") if is_told else _("Date read"),
            dated(in_page_language(listing.read_in)),
        ),
        Fact(_("Reviewed by"), reviewed),
        Fact(_("Version"), str(practice.version)),
    )


def source_of(listing: Listing) -> str:
    """What only reports a figure is named as that."""
    words = in_page_language(listing.words)
    if listing.confidence != "secondary":
        return words
    return _("%(act)s (%(status)s)") % {"act": words, "status": STATUSES["secondary"]}


def _what_it_is(practice: Practice, *, is_told: bool) -> str:
    if is_told:
        return _("The range that the firm saw at its own plant. Nobody measured it for this page.")
    if practice.saving_to is not None:
        return _("The source’s range, no promise: conditions differ, and practices overlap.")
    return _("The source’s typical value, no promise: conditions differ, and practices overlap.")


def _withdrawn(row: Entry, versions: Sequence[Entry]) -> MethodSheet:
    """What was withdrawn keeps its address, its reason, and nothing of what it said but its
    name.
    """
    facts = [
        Fact(_("Withdrawn"), _("because: %(reason)s") % {"reason": row.ended_reason}),
        Fact(_("Version"), str(row.version)),
    ]
    if row.ended_at is not None:
        facts.insert(0, Fact(_("On"), "", day=scheme_day(row.ended_at)))
    return MethodSheet(
        title_of(row),
        library_crumbs(),
        _("This practice was withdrawn."),
        tuple(facts),
        _versions(row.practice, versions),
        _links(),
    )


def _versions(practice: str, versions: Sequence[Entry]) -> tuple[MethodSection, ...]:
    if not versions:
        return ()
    rows = tuple(
        (
            TableCell(str(row.version), url=version_url(practice, row.version)),
            TableCell(
                dateformat.format(scheme_day(row.published_at), _("j F Y"))
                if row.published_at
                else NONE
            ),
            TableCell("", state=state(STATES, row.state)),
        )
        for row in versions
    )
    return (
        MethodSection(
            "",
            table_of(
                _("Versions"), (_("Version"), pgettext("date", "Published"), _("State")), rows, ""
            ),
        ),
    )


def version_url(practice: str, version: int) -> str:
    return reverse("web:practice", args=[practice], query={"version": version})


def _links() -> tuple[Link, ...]:
    return (
        Link(_("All practices"), reverse("web:practices")),
        Link(_("The signed library, for agents"), reverse("api:practices")),
    )


def title_of(row: Entry) -> str:
    en, zh = row.content.get("title_en", ""), row.content.get("title_zh", "")
    return in_language(en, zh) or zh


def library_crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Best practice"), reverse("web:practices")),)
