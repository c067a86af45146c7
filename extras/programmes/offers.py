"""What authorities offer for a criterion of a programme: proposed by one officer, approved by
another, ended with a reason.

An offer is dated data with its legal source. In a dossier it stands beside its criterion, with
whether the evidence there meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet

from extras.programmes.models import Action, IncentiveOffer
from extras.programmes.programmes import programmes
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import Jurisdiction, Site, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.auditlog.recording import record
from portal.problems import RefusedError
from portal.whole_text import whole_sentence

State = IncentiveOffer.State


class AmountUnit(StrEnum):
    """What an amount is counted in."""

    CNY = "cny"
    CNY_A_YEAR = "cny-a-year"
    CNY_PER_TCE = "cny-per-tce"
    CNY_PER_KWH = "cny-per-kwh"
    PERCENT_OF_INVESTMENT = "percent-of-investment"
    PERCENT_OF_TAX = "percent-of-tax"
    PERCENTAGE_POINTS = "percentage-points"


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """All that an offer says. `amount` in `unit`; `valid_until` is the last day, None where the act
    names none.
    """

    programme: str
    criterion: str
    what_en: str
    what_zh: str
    amount: Decimal
    unit: AmountUnit
    authority_en: str
    authority_zh: str
    source_en: str
    source_zh: str
    valid_from: date
    valid_until: date | None


def propose(terms: OfferTerms, scope: Jurisdiction, by: User, now: datetime) -> IncentiveOffer:
    """For a second officer to approve. The same again, as of a form sent twice, is the same one.

    Raises:
        RefusedError: `not-regulator` (403); `criterion-unknown`, `offer-days-wrong` (409).
    """
    require_regulator_of_scope(by, scope)
    programme = programmes().get(terms.programme)
    if programme is None or programme.criterion(terms.criterion) is None:
        raise RefusedError(
            409,
            "criterion-unknown",
            "The programme has no such criterion.",
            "Choose one of its criteria.",
        )
    if terms.valid_until is not None and terms.valid_until < terms.valid_from:
        raise RefusedError(
            409,
            "offer-days-wrong",
            "The offer ends before it begins.",
            "Copy first and last day from the act.",
        )
    fields = {name: getattr(terms, name) for name in OfferTerms.__dataclass_fields__}
    with transaction.atomic():
        Jurisdiction.objects.select_for_update().get(
            pk=scope.pk
        )  # one proposal of a jurisdiction at a time
        same_offer = IncentiveOffer.objects.filter(
            jurisdiction=scope, state__in=(State.PROPOSED, State.APPROVED), **fields
        ).first()
        if same_offer is not None:
            return same_offer
        offer = IncentiveOffer.objects.create(
            jurisdiction=scope, proposed_by=by, proposed_at=now, **fields
        )
        record(now, by.email, Action.INCENTIVE_OFFERED, _subject(offer), _record_line(offer))
    return offer


def decide(offer: int, by: User, now: datetime, *, refused_because: str = "") -> IncentiveOffer:
    """Approve a proposal; with a reason, refuse it. Decided twice alike is decided once.

    Raises:
        IncentiveOffer.DoesNotExist: there is none.
        RefusedError: `not-regulator`, `own-offer` (403); `text-too-long`, `offer-decided` (409).
    """
    reason = whole_sentence(refused_because, 500)
    wanted = State.REFUSED if reason else State.APPROVED
    with transaction.atomic():
        row = _locked(offer)
        require_regulator_of_scope(by, row.jurisdiction)
        if row.state == wanted:
            return row
        if row.state != State.PROPOSED:
            raise RefusedError(
                409, "offer-decided", "This offer is decided already.", "Propose another one."
            )
        if not reason and row.proposed_by_id == by.pk:
            raise RefusedError(
                403,
                "own-offer",
                "You proposed this offer yourself.",
                "A second officer has to approve it.",
            )
        row.state, row.decided_by, row.decided_at, row.reason = wanted, by, now, reason
        row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        record(
            now,
            by.email,
            Action.INCENTIVE_REFUSED if reason else Action.INCENTIVE_APPROVED,
            _subject(row),
            reason or _record_line(row),
        )
    return row


def end(offer: int, reason: str, by: User, now: datetime) -> IncentiveOffer:
    """An approved offer no longer stands; what it said stays on record. Ended twice is ended once.

    Raises:
        IncentiveOffer.DoesNotExist: there is none.
        RefusedError: `not-regulator` (403); `reason-missing`, `text-too-long`, `offer-not-approved`
            (409).
    """
    sentence = whole_sentence(reason, 500)
    if not sentence:
        raise RefusedError(
            409,
            "reason-missing",
            "An offer is never ended without a reason.",
            "Say in a sentence why.",
        )
    with transaction.atomic():
        row = _locked(offer)
        require_regulator_of_scope(by, row.jurisdiction)
        if row.state == State.ENDED:
            return row
        if row.state != State.APPROVED:
            raise RefusedError(
                409,
                "offer-not-approved",
                "Only an approved offer can be ended.",
                "Refuse a proposal that is wrong.",
            )
        row.state, row.ended_by, row.ended_at, row.reason = State.ENDED, by, now, sentence
        row.save(update_fields=["state", "ended_by", "ended_at", "reason"])
        record(now, by.email, Action.INCENTIVE_ENDED, _subject(row), sentence)
    return row


def offers_seen_by(user: User) -> QuerySet[IncentiveOffer]:
    """Those of the officer's jurisdictions and of what these lie in, newest first."""
    mine = jurisdictions_of(user)
    above = Q(
        jurisdiction__path__in={
            path for jurisdiction in mine for path in _paths_above(jurisdiction.path)
        }
    )
    return IncentiveOffer.objects.filter(within(mine) | above).select_related(
        "jurisdiction", "proposed_by", "decided_by", "ended_by"
    )


def offered_to(site: Site, programme: str, on: date) -> Mapping[str, tuple[IncentiveOffer, ...]]:
    """What stands for the site on a day, by criterion: approved, within its days, by an authority
    of where the site lies.
    """
    rows = IncentiveOffer.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=on),
        programme=programme,
        state=State.APPROVED,
        valid_from__lte=on,
        jurisdiction__path__in=_paths_above(site.jurisdiction.path),
    ).order_by("pk")
    by_criterion: dict[str, list[IncentiveOffer]] = {}
    for row in rows:
        by_criterion.setdefault(row.criterion, []).append(row)
    return {criterion: tuple(offers) for criterion, offers in by_criterion.items()}


def _paths_above(path: str) -> list[str]:
    """The path itself and every jurisdiction that it lies in: `cn/he` of `cn/he` and `cn`."""
    parts = path.split("/")
    return ["/".join(parts[: index + 1]) for index in range(len(parts))]


def _locked(offer: int) -> IncentiveOffer:
    return (
        IncentiveOffer.objects.select_for_update(of=("self",))
        .select_related("jurisdiction")
        .get(pk=offer)
    )


def _subject(row: IncentiveOffer) -> str:
    return f"incentive offer {row.pk}"


def _record_line(row: IncentiveOffer) -> str:
    return f"{row.programme}, {row.criterion}, {row.jurisdiction.path}: {row.amount.normalize():f} {row.unit}; {row.source_en}"[  # noqa: E501
        :1000
    ]
