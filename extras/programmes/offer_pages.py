"""For a regulator: incentives that authorities offer for criteria of programmes, proposed by one
officer and approved by another; and as they stand beside a criterion in a dossier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from extras.programmes.models import IncentiveOffer
from extras.programmes.offers import AmountUnit, OfferTerms, decide, end, offers_seen_by, propose
from extras.programmes.programmes import programmes
from portal.accounts.models import Role
from portal.accounts.selectors import jurisdictions_of, may_decide_for
from portal.days import scheme_day
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.fields import area, choice, day, line, number, offer_choices
from portal.web.lists.tables import Key, csv_file, with_query
from portal.web.presenters.listed import Show, asked_for, listed
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, Mood, StateWord
from portal.web.words.tables import words
from portal.web.words.terms import (
    dated,
    headed,
    in_language,
    in_page_language,
    moment_in_words,
    shown_name,
    state,
)

State = IncentiveOffer.State
UNITS = words("offer_units")
STATES: dict[str, tuple[Promise, Mood]] = {
    State.PROPOSED: (gettext_lazy("Proposed, waits for a second officer"), "wait"),
    State.APPROVED: (gettext_lazy("Approved"), "ok"),
    State.REFUSED: (gettext_lazy("Refused"), "no"),
    State.ENDED: (gettext_lazy("Ended"), "hidden"),
}
COLUMNS = (
    *(
        "id",
        "state",
        "programme",
        "criterion",
        "jurisdiction",
        "what_en",
        "what_zh",
        "amount",
        "unit",
    ),
    *(
        "authority_en",
        "authority_zh",
        "source_en",
        "source_zh",
        "valid_from",
        "valid_until",
        "reason",
    ),
)

KEYS: Mapping[str, Key[IncentiveOffer]] = {
    "from": lambda offer: offer.valid_from,
    "state": lambda offer: offer.state,
    "place": lambda offer: offer.jurisdiction.path,
}
DEFAULT = "-from"


@dataclass(frozen=True, slots=True)
class OfferLine:
    """What stands beside a criterion."""

    text: str
    source: str


def offer_line(offer: IncentiveOffer) -> OfferLine:
    facts = {
        "what": in_language(offer.what_en, offer.what_zh),
        "amount": amount_of(offer),
        "days": _days(offer),
    }
    by = {
        "authority": in_language(offer.authority_en, offer.authority_zh),
        "source": in_language(offer.source_en, offer.source_zh),
    }
    return OfferLine(
        _("%(what)s: %(amount)s, %(days)s") % facts, _("%(authority)s, by %(source)s") % by
    )


def amount_of(offer: IncentiveOffer) -> str:
    return _("%(amount)s %(unit)s") % {
        "amount": f"{offer.amount.normalize():,f}",
        "unit": UNITS.get(offer.unit, offer.unit),
    }


def offers_page(rows: Sequence[IncentiveOffer], query: QueryDict, today: date) -> MethodSheet:
    titles = {
        "what": _("Incentive"), "criterion": _("Criterion"), "amount": _("Amount"),
        "place": _("Jurisdiction"), "from": _("Valid"), "state": _("State"),
    }  # fmt: skip
    stands = sum(_stands(offer, today) for offer in rows)
    waits = sum(offer.state == State.PROPOSED for offer in rows)
    lead = _(
        "Offers in force today: %(stands)s. Offers that wait for a second officer: %(waits)s."
    ) % {"stands": stands, "waits": waits}
    table = listed(
        rows,
        query,
        caption=_("Offers"),
        titles=titles,
        keys=KEYS,
        default=DEFAULT,
        cells=lambda offer: _row(offer, today),
        empty=_("Nothing on record matches this filter.")
        if rows
        else _("No incentive is tied to a criterion yet. Propose one by the act that grants it."),
        shown=_shown(today),
        export_url=reverse("web:offers-csv") + with_query(query, page=None),
    )
    links = (Link(_("Propose an offer"), reverse("web:new-offer")),)
    return MethodSheet(
        _("Incentives by criterion"),
        crumbs()[:1],
        lead,
        sections=(MethodSection("", table),),
        links=links,
    )


def offer_page(row: IncentiveOffer, today: date, *, reads: int, decides: bool) -> FormSheet:
    facts = [
        Fact(_("Programme"), _programme(row)),
        Fact(_("Criterion"), _criterion(row)),
        Fact(_("Amount"), amount_of(row)),
        Fact(_("For sites in"), shown_name(row.jurisdiction.name)),
        Fact(_("Authority"), in_language(row.authority_en, row.authority_zh)),
        Fact(_("Legal source"), in_language(row.source_en, row.source_zh)),
        Fact(_("Valid"), _days(row)),
        Fact(_("Proposed by"), f"{row.proposed_by}, {moment_in_words(row.proposed_at)}"),
    ]
    if row.decided_by is not None and row.decided_at is not None:
        title = _("Refused by") if row.state == State.REFUSED else _("Approved by")
        facts.append(Fact(title, f"{row.decided_by}, {moment_in_words(row.decided_at)}"))
    if row.ended_by is not None and row.ended_at is not None:
        facts.append(Fact(_("Ended by"), f"{row.ended_by}, {moment_in_words(row.ended_at)}"))
    if row.reason:
        facts.append(Fact(_("Reason"), row.reason))
    waits = decides and row.state == State.PROPOSED
    ends = decides and row.state == State.APPROVED
    here = reverse("web:offer", args=[row.pk])
    return FormSheet(
        MethodSheet(
            in_language(row.what_en, row.what_zh), crumbs(), _lead(row, today), tuple(facts)
        ),
        state=state(STATES, row.state),
        act_url=here if waits and row.proposed_by_id != reads else "",
        act_text=_("Approve this offer"),
        why_not=_("You proposed it. A second officer has to approve it.")
        if waits and row.proposed_by_id == reads
        else "",
        end_url=reverse("web:end-offer", args=[row.pk]) if waits or ends else "",
        end_text=_("Refuse it with a reason") if waits else _("End it with a reason"),
    )


def new_offer_page() -> FormSheet:
    lead = _(
        "Copy what the act says. Once a second officer approves it, dossiers of sites in this "
        "jurisdiction show it beside the criterion."
    )
    return FormSheet(MethodSheet(_("Propose an offer"), crumbs(), lead), button=_("Propose it"))


def offers_table(
    rows: Sequence[IncentiveOffer], query: QueryDict, today: date
) -> list[tuple[object, ...]]:
    """For a file: the rows that the address leaves, in its order."""
    return [
        (
            offer.pk,
            offer.state,
            offer.programme,
            offer.criterion,
            offer.jurisdiction.path,
            offer.what_en,
            offer.what_zh,
            f"{offer.amount.normalize():f}",
            offer.unit,
            offer.authority_en,
            offer.authority_zh,
            offer.source_en,
            offer.source_zh,
            offer.valid_from.isoformat(),
            offer.valid_until.isoformat() if offer.valid_until else "",
            offer.reason,
        )
        for offer in asked_for(rows, query, KEYS, DEFAULT, shown=_shown(today))
    ]


def _shown(today: date) -> tuple[Show[IncentiveOffer], ...]:
    return (
        ("now", _("valid today"), lambda offer: _stands(offer, today)),
        ("waiting", _("waiting"), lambda offer: offer.state == State.PROPOSED),
    )


def crumbs() -> tuple[Crumb, ...]:
    return (
        Crumb(_("Programmes"), reverse("web:incentives")),
        Crumb(_("Incentives by criterion"), reverse("web:offers")),
    )


def _row(row: IncentiveOffer, today: date) -> tuple[TableCell, ...]:
    late = row.state == State.APPROVED and row.valid_until is not None and row.valid_until < today
    return (
        TableCell(
            in_language(row.what_en, row.what_zh),
            note=in_language(row.source_en, row.source_zh),
            url=reverse("web:offer", args=[row.pk]),
        ),
        TableCell(_criterion(row), note=_programme(row)),
        TableCell(amount_of(row)),
        TableCell(shown_name(row.jurisdiction.name)),
        TableCell(_days(row)),
        TableCell(
            "",
            state=StateWord(_("Its days are over"), "hidden") if late else state(STATES, row.state),
        ),
    )


def _lead(row: IncentiveOffer, today: date) -> str:
    if row.state == State.PROPOSED:
        return _("Dossiers show this offer once a second officer approves it.")
    if _stands(row, today):
        return _("Dossiers of sites in this jurisdiction show this offer beside its criterion.")
    if row.state == State.APPROVED and row.valid_from > today:
        return _("Dossiers show this offer from its first day on.")
    return _("No dossier shows this offer.")


def _stands(row: IncentiveOffer, today: date) -> bool:
    return (
        row.state == State.APPROVED
        and row.valid_from <= today
        and (row.valid_until is None or row.valid_until >= today)
    )


def _days(row: IncentiveOffer) -> str:
    if row.valid_until is None:
        return _("from %(first)s") % {"first": dated(row.valid_from.isoformat())}
    return _("from %(first)s to %(last)s") % {
        "first": dated(row.valid_from.isoformat()),
        "last": dated(row.valid_until.isoformat()),
    }


def _programme(row: IncentiveOffer) -> str:
    programme = programmes().get(row.programme)
    return in_page_language(programme.name) if programme else row.programme


def _criterion(row: IncentiveOffer) -> str:
    programme = programmes().get(row.programme)
    criterion = programme.criterion(row.criterion) if programme else None
    return in_page_language(criterion.asks) if criterion else row.criterion


WHOLE = Decimal(100)


class OfferedForm(forms.Form):
    """All that an offer says, in both languages, with the act that grants it."""

    place = choice(gettext_lazy("For sites in"), required=gettext_lazy("Choose the jurisdiction."))
    criterion = choice(gettext_lazy("Criterion"), required=gettext_lazy("Choose a criterion."))
    what_en = line(
        gettext_lazy("What is offered, in English"),
        gettext_lazy("Such as “Grant for leaders”."),
        gettext_lazy("Write in English what is offered."),
        most=200,
    )
    what_zh = line(
        gettext_lazy("What is offered, in Chinese"),
        "",
        gettext_lazy("Write in Chinese what is offered."),
        most=200,
    )
    amount = number(
        gettext_lazy("Amount"),
        required=gettext_lazy("Give the amount."),
        invalid=gettext_lazy("Write the amount as 120000 or 0.15."),
        min_value=Decimal("0.0001"),
        too_small=gettext_lazy("The amount must be above 0."),
        max_digits=14,
        decimal_places=4,
    )
    unit = choice(gettext_lazy("Unit of the amount"), required=gettext_lazy("Choose a unit."))
    authority_en = line(
        gettext_lazy("Authority, in English"),
        "",
        gettext_lazy("Name the authority in English."),
        most=200,
    )
    authority_zh = line(
        gettext_lazy("Authority, in Chinese"),
        "",
        gettext_lazy("Name the authority in Chinese."),
        most=200,
    )
    source_en = line(
        gettext_lazy("Legal source, in English"),
        gettext_lazy("The act with its number and article."),
        gettext_lazy("Name the act in English."),
        most=300,
    )
    source_zh = line(
        gettext_lazy("Legal source, in Chinese"),
        "",
        gettext_lazy("Name the act in Chinese."),
        most=300,
    )
    valid_from = day(gettext_lazy("Valid from"), required=gettext_lazy("Give the first day."))
    valid_until = day(
        gettext_lazy("Valid until"),
        gettext_lazy("The last day. Leave it empty where the act names none."),
        optional=True,
    )

    def __init__(self, *args: Any, jurisdictions: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [
            (
                f"{programme.id}/{criterion.id}",
                headed((in_page_language(programme.name), in_page_language(criterion.asks))),
            )
            for programme in programmes().values()
            for criterion in programme.criteria
        ]
        offer_choices(self, "place", jurisdictions)
        offer_choices(self, "criterion", [("", gettext_lazy("Choose one")), *asked])
        offer_choices(self, "unit", [("", gettext_lazy("Choose one")), *UNITS.items()])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", gettext_lazy("The last day is before the first day."))
        if (
            str(cleaned.get("unit", "")).startswith("percent")
            and (cleaned.get("amount") or 0) > WHOLE
        ):
            self.add_error(
                "amount", gettext_lazy("A share is at most 100. Check the amount and its unit.")
            )
        return cleaned

    def terms(self) -> OfferTerms:
        cleaned = dict(self.cleaned_data)
        cleaned.pop("place")
        cleaned["programme"], _slash, cleaned["criterion"] = cleaned["criterion"].partition("/")
        return OfferTerms(**{**cleaned, "unit": AmountUnit(cleaned["unit"])})


class EndOfferForm(forms.Form):
    """Why an offer is refused or ended."""

    reason = area(gettext_lazy("Reason"), "", gettext_lazy("Say in a sentence why."), most=500)


@for_role(Role.REGULATOR)
def page(request: HttpRequest) -> HttpResponse:
    rows = list(offers_seen_by(person(request)))
    return render(request, "web/sheet.html", {"page": offers_page(rows, request.GET, scheme_day())})


@for_role(Role.REGULATOR)
def as_csv(request: HttpRequest) -> HttpResponse:
    rows = list(offers_seen_by(person(request)))
    return csv_file(
        "steplabel-incentive-offers.csv",
        COLUMNS,
        offers_table(rows, request.GET, scheme_day()),
    )


@for_role(Role.REGULATOR, posts=True)
def new(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    jurisdictions = {str(jurisdiction.pk): jurisdiction for jurisdiction in jurisdictions_of(user)}
    choices = [(pk, shown_name(jurisdiction.name)) for pk, jurisdiction in jurisdictions.items()]
    form = OfferedForm(request.POST if request.method == "POST" else None, jurisdictions=choices)
    if request.method == "POST" and form.is_valid():
        proposed = propose(
            form.terms(), jurisdictions[form.cleaned_data["place"]], user, timezone.now()
        )
        return report_done(
            request,
            _("The offer is proposed. A second officer has to approve it."),
            "web:offer",
            proposed.pk,
        )
    return form_page(request, "web/form_sheet.html", {"page": new_offer_page()}, form)


@for_role(Role.REGULATOR, posts=True)
@freshly
def offer(request: HttpRequest, offer: int) -> HttpResponseBase:
    """A POST approves it."""
    user, row = person(request), _offer(request, offer)
    if request.method == "POST":
        decide(row.pk, user, timezone.now())
        return report_done(
            request, _("The offer is approved. Dossiers show it in its days."), "web:offer", offer
        )
    sheet = offer_page(
        row, scheme_day(), reads=user.pk, decides=may_decide_for(user, row.jurisdiction)
    )
    return render(request, "web/form_sheet.html", {"page": sheet})


@for_role(Role.REGULATOR, posts=True)
def end_offer(request: HttpRequest, offer: int) -> HttpResponseBase:
    """Refuse what waits, end what stands, with a reason."""
    user, row = person(request), _offer(request, offer)
    waits = row.state == IncentiveOffer.State.PROPOSED
    if not may_decide_for(user, row.jurisdiction) or not (
        waits or row.state == IncentiveOffer.State.APPROVED
    ):
        return redirect("web:offer", offer)
    form = EndOfferForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason, now = form.cleaned_data["reason"], timezone.now()
        if waits:
            decide(row.pk, user, now, refused_because=reason)
        else:
            end(row.pk, reason, user, now)
        return report_done(request, _("It is ended, with your reason."), "web:offer", offer)
    return confirm_page(
        request,
        form,
        title=_("Refuse this offer?") if waits else _("End this offer?"),
        sentence=_("It stays on record with your reason, and no dossier shows it."),
        button=_("Refuse it") if waits else _("End it"),
        warning=True,
        back=reverse("web:offer", args=[offer]),
        crumbs=crumbs(),
    )


def _offer(request: HttpRequest, offer: int) -> IncentiveOffer:
    row = offers_seen_by(person(request)).filter(pk=offer).first()
    if row is None:
        raise Http404
    return row
