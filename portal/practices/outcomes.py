"""What a firm's sites report that practices did there: handed in, withdrawn, counted once
`guidance.closed_batches` closes a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from django.db import transaction

from benchmarks.guidance.closed_batches import closing_batch
from benchmarks.phrases import Phrase
from benchmarks.wire import outcomes
from benchmarks.wire.outcomes import SiteOutcome
from benchmarks.wire.signing import ReceiptKey, VerifyingKey
from portal import keys
from portal.accounts.models import ControllingFirm, Device, Role, Site, User
from portal.accounts.selectors import organisations_as
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.practices.models import SiteReport
from portal.practices.reviewing import new_edition
from portal.practices.selectors import library
from portal.problems import RefusedError
from portal.translog import log

Auditors = Callable[[Site], Mapping[str, VerifyingKey]]
"""By id, the keys of the auditors who may confirm for a site: this app knows none
(`portal.assurance.confirming`).
"""


def hand_in(
    raw: bytes,
    practice: str,
    by: User,
    key: ReceiptKey,
    now: datetime,
    auditors: Auditors,
    *,
    ask: bool = False,
) -> SiteReport:
    """Take the agent's file, with the firm's consent; where it completes a batch, the batch is
    counted and told in a new edition.

    Args:
        ask: an auditor of the site may read the file and confirm it; until then it is in no batch.

    Raises:
        VerificationError: `outcome-unreadable`, `outcome-signature-invalid`,
            `confirmation-invalid`.
        RefusedError: `outcome-of-another-site` (403); `outcome-does-not-fit`, `outcome-reported`,
            `no-auditor-to-confirm` (409).
    """
    with transaction.atomic():
        log.lock(
            numbering=False
        )  # one after another: two that come at once would each miss the other in the batch
        outcome = outcomes.verify(raw, lambda named: _keys(_own_site(named.site, by), named))
        site = _own_site(outcome.site, by)
        _require_fit(outcome, site, practice, now)
        confirmed = outcomes.confirmation(raw, auditor_keys := auditors(site))
        asks = ask and confirmed is None
        if asks and not auditor_keys:
            raise RefusedError(
                409,
                "no-auditor-to-confirm",
                Phrase(
                    "No auditor can confirm it: none with a registered key is assigned to the "
                    "site %(site)s and free of interest.",
                    site=site.slug,
                ),
                "Submit it without asking for a confirmation, or ask the certification body first.",
            )
        row, created = SiteReport.objects.get_or_create(
            practice=practice,
            site=site,
            defaults={
                "version": int(outcome.version),
                "firm": ControllingFirm.objects.get(organisations=site.organisation_id),
                "outcome": outcome.outcome,
                "year": int(outcome.year),
                "handed_in_at": now,
                "confirmed_key": confirmed.key_id if confirmed else "",
                "confirmed_on": confirmed.on if confirmed else None,
                "asked": raw.decode() if asks else "",
            },
        )
        if not created:
            raise RefusedError(
                409,
                "outcome-reported",
                Phrase(
                    "The site %(site)s has already reported on this practice; each site counts "
                    "once.",
                    site=site.slug,
                ),
                "While that report waits, you can withdraw it and submit another one. Once it is "
                "counted, it stays.",
            )
        record(now, by.email, Action.OUTCOME_HANDED_IN, f"firm {site.organisation.name}"[:254])
        count_waiting(practice, key, now)
        row.refresh_from_db(fields=["counted_at"])
    return row


def withdraw(report: int, by: User, now: datetime) -> None:
    """As if it had never been, as long as it is not counted.

    Raises:
        RefusedError: `outcome-of-another-site` (403); `outcome-counted` (409).
    """
    with transaction.atomic():
        log.lock(numbering=False)
        row = SiteReport.objects.select_related("site").filter(pk=report).first()
        if row is None:  # asked twice
            return
        site = _own_site(row.site.slug, by)
        if row.counted_at is not None:
            raise RefusedError(
                409,
                "outcome-counted",
                "This report is counted and stays: if it were removed, the difference would "
                "reveal its class.",
                "What is shown does not contain the firm’s name.",
            )
        row.delete()
        record(now, by.email, Action.OUTCOME_WITHDRAWN, f"firm {site.organisation.name}"[:254])


def withdraw_all(sites: Collection[Site]) -> set[str]:
    """Reports of these sites that are not counted are as if they had never been; the ids of the
    sites. In the transaction of the cause.
    """
    rows = SiteReport.objects.filter(site__in=sites, counted_at=None)
    if not rows.exists():
        return set()
    log.lock(numbering=False)  # while no batch is counted
    reported = set(rows.values_list("site__slug", flat=True))
    rows.delete()
    return reported


def count_waiting(practice: str, key: ReceiptKey, now: datetime) -> None:
    """Close a batch where enough firms wait; a firm that has left waits no more, nor one whose
    auditor does not stand by its report; one that waits for an auditor does not yet."""
    rows = SiteReport.objects.filter(
        practice=practice, counted_at=None, asked="", unconfirmed_at=None, site__retired_at=None
    )
    waiting = list(rows.values_list("pk", "firm_id"))
    if batch := [waiting[index][0] for index in closing_batch([firm for _pk, firm in waiting])]:
        SiteReport.objects.filter(pk__in=batch).update(counted_at=now)
        new_edition(key, now)


def _own_site(slug: str, by: User) -> Site:
    managed = organisations_as(by, Role.ENTERPRISE, managing=True)
    site = (
        Site.objects.select_related("organisation")
        .filter(slug=slug, organisation__in=managed, retired_at=None)
        .first()
    )
    if site is None:
        raise RefusedError(
            403,
            "outcome-of-another-site",
            Phrase(
                "The file is about the site %(site)s, which does not belong to a firm that you "
                "manage.",
                site=slug,
            ),
            "Choose a file of your own site, or ask the manager of that firm.",
        )
    return site


def _keys(site: Site, named: SiteOutcome) -> Mapping[str, VerifyingKey]:
    """By id, of the devices that may report for the site; none where the file was written for
    another portal.
    """
    if named.portal != keys.published_directory().fingerprint:
        return {}
    public_keys = Device.objects.filter(site=site, revoked_at=None).values_list(
        "public_key", flat=True
    )
    return {key.key_id: key for key in map(VerifyingKey.from_hex, public_keys)}


def _require_fit(outcome: SiteOutcome, site: Site, practice: str, now: datetime) -> None:
    in_library = next(
        (candidate for candidate in library().practices if candidate.id == practice), None
    )
    fits = (
        in_library is not None
        and in_library.sector == site.pack
        and int(outcome.version) <= in_library.version
    )
    if outcome.practice != practice or not fits or int(outcome.year) > scheme_day(now).year:
        raise RefusedError(
            409,
            "outcome-does-not-fit",
            Phrase(
                "The file is about practice %(practice)s, version %(version)s, at a site of the "
                "sector %(sector)s, in %(year)s. "
                "Either this page is about another practice, or that version, sector or year does "
                "not exist yet.",
                practice=outcome.practice,
                version=outcome.version,
                sector=site.pack,
                year=outcome.year,
            ),
            (
                "Submit it on the page of the practice that it names. If that is not the right "
                "practice, correct actions.toml and write "
                "the file again."
            ),
        )
