"""Incentives that authorities offer for criteria of programmes: beside a criterion in a dossier, as
a list, and each by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.assurance.models import IncentiveOffer
from portal.assurance.programmes import programmes
from portal.web.lists.tables import Key, with_query
from portal.web.presenters.listed import Show, asked_for, listed
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, Mood, StateWord
from portal.web.words.tables import words
from portal.web.words.terms import (
    dated,
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
        Crumb(_("Incentives"), reverse("web:incentives")),
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
