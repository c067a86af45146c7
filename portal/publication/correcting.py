"""Drafting the erratum of a published version, in which one or two firms' reports are corrected or
taken out.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from benchmarks import packs
from benchmarks.disclosure.corrected_values import Correction
from benchmarks.disclosure.errata import most_corrected
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.publication import announcing
from portal.publication.drafting import next_version
from portal.publication.errata import (
    CorrectableFirm,
    Corrections,
    already_corrected,
    composed,
    correctable,
    is_corrected_itself,
    participants,
    seed,
)
from portal.publication.explaining import explained
from portal.publication.models import Publication, VersionStatus
from portal.publication.refusals import refusal
from portal.publication.rows import at_one_address
from portal.publication.shapes import summary_json
from portal.standings.cohort import cohort
from portal.whole_text import whole_text


def correct(
    publication: Publication, corrections: Corrections, by: User, reason: str, now: datetime
) -> Publication:
    """Draft the erratum of a published or withdrawn version, for a second person. The same asked
    twice gives the same draft.

    Args:
        corrections: by firm; what public errata of the version corrected is corrected again.
        reason: what was wrong, for everybody.

    Raises:
        RefusedError: `not-regulator` (403); `not-correctable`, `nothing-corrected`,
            `firm-not-behind`, `correction-unexplained`, `text-too-long` (409).
        PolicyRefusal: `too-many-corrected`.
    """
    with transaction.atomic():
        base = Publication.objects.select_related("period__peer_group__scope").get(
            pk=publication.pk
        )
        period = base.period
        require_regulator_of_scope(by, period.peer_group.scope)
        list(at_one_address(period).select_for_update(of=("self",)).order_by("pk"))
        if not is_corrected_itself(base):
            raise refusal("not-correctable")
        if not corrections:
            raise refusal("nothing-corrected")
        if not reason.strip():
            raise refusal("correction-unexplained")
        present = cohort(period, scheme_day(now))
        if corrections.keys() - {firm.id for firm in correctable(base, present)}:
            raise refusal("firm-not-behind")
        whole = {**already_corrected(base), **corrections}
        erratum = composed(base, whole, present)
        row = Publication(
            period=period,
            label=erratum.gate.published.to_json(),
            roster=erratum.roster.to_json(),
            gate=erratum.gate.to_json(),
            summary=summary_json(erratum.gate),
            participants=participants(base, whole, present),
            seed=f"{seed(base, whole, present):064x}",
            what_changed=whole_text(reason),
            corrects=base,
            corrections=whole,
            drafted_by=by,
            drafted_at=now,
        )
        last = Publication.objects.filter(period=period).order_by("-version").first()
        if last is not None and _says_the_same(last, row):
            return last
        row.version = next_version(period)
        pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
        row.explanation = explained(
            erratum.gate,
            pack,
            period,
            present,
            row.version,
            row.what_changed,
            (by, now),
            erratum=row,
        ).to_json()
        row.save()
        kinds = ", ".join(f"firm {firm} {kind}" for firm, kind in sorted(whole.items()))
        record(
            now,
            by.email,
            Action.PUBLICATION_DRAFTED,
            row.audit_subject,
            f"erratum of version {base.version}: {kinds}",
        )
        announcing.waits(row, now)
    return row


def firms_behind(base: Publication, now: datetime) -> tuple[CorrectableFirm, ...]:
    """Whom an erratum of the version may correct now. The permission is the caller's."""
    before = already_corrected(base)
    present = cohort(base.period, scheme_day(now))
    return tuple(firm for firm in correctable(base, present) if firm.id not in before)


def slots(base: Publication) -> int:
    """How many further firms an erratum of the version may correct."""
    group = base.period.peer_group
    most = most_corrected(packs.load(group.pack, group.pack_version).disclosure)
    return most - len(already_corrected(base))


def _says_the_same(last: Publication, row: Publication) -> bool:
    """Whether a form was sent twice."""
    return (
        last.status == VersionStatus.DRAFT
        and last.corrects_id == row.corrects_id
        and last.drafted_by_id == row.drafted_by_id
        and last.corrected_firms == {f: Correction(k) for f, k in row.corrections.items()}
        and last.what_changed == row.what_changed
        and last.gate == row.gate
        and last.roster == row.roster
    )
