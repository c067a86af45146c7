"""Programmes in the demo: what sites were given, and an incentive that was offered."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.phrases import Phrase
from extras.programmes import offers
from extras.programmes.incentives import give
from portal.accounts.models import Jurisdiction, Site, User
from portal.days import scheme_day
from portal.demo import cast as casting
from portal.intake.models import Submission, SubmissionState

SCHEME = "Subsidy for energy-saving renovation"
OFFER = tomllib.loads(Path(__file__).with_name("demo.toml").read_text("utf-8"))["offer"]


def fill(year: int, now: datetime) -> None:
    """Incentives on reports of this year."""
    officer = _person(casting.DRAFTER)
    rows = (
        Submission.objects.filter(state=SubmissionState.ACCEPTED, period=str(year))
        .select_related("site")
        .order_by("site__slug")
    )
    for position, row in reversed(list(enumerate(rows[1:5], start=1))):
        give(
            row.site,
            SCHEME,
            Decimal(120_000 * position),
            row.digest,
            officer,
            now - timedelta(days=position),
        )


def act(site: Site, now: datetime) -> dict[str, str]:
    """What the province adds for leaders, proposed by one officer and approved by another; and the
    dossier of the site. Addresses by what is there.
    """
    terms = offers.OfferTerms(
        **OFFER,
        amount=Decimal(500_000),
        unit=offers.AmountUnit.CNY,
        valid_from=scheme_day(now) - timedelta(days=30),
        valid_until=None,
    )
    province = Jurisdiction.objects.get(path="cn/he")
    proposal = offers.propose(terms, province, _person(casting.DRAFTER), now)
    offer = offers.decide(proposal.pk, _person(casting.APPROVER), now).pk
    return {
        Phrase("An incentive"): f"incentives/offers/{offer}/",
        Phrase("A dossier"): f"sites/{site.slug}/dossier/?programme={OFFER['programme']}",
    }


def _person(email: str) -> User:
    return User.objects.get(email=email)
