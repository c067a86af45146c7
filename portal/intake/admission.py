"""Whether the portal takes a report now, from what it holds of the site: one read for as many
reports as come together.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from benchmarks.phrases import Phrase
from benchmarks.wire.schema import Header
from portal.problems import RefusedError
from portal.statements import fetched, placeholders

FIRST_REVISIONS = (0, 1)  # a site may count its revisions from either

SET_BACK = Phrase(
    "Restore the newest copy of the state directory and submit from there. If it is lost, enrol "
    "with a new token: docs/reporting.md "
    "explains what you can report then."
)


@dataclass(frozen=True, slots=True)
class EarlierCommitment:
    """What was committed to: its digest, and its number in the site's ledger."""

    digest: str
    sequence: int


@dataclass(slots=True)
class SiteIntake:
    """What is held of one site."""

    taking: set[str] = field(default_factory=set)  # names of the periods of which reports are taken
    reports: dict[tuple[str, int], str] = field(
        default_factory=dict
    )  # digest by period and revision
    by_sequence: dict[int, tuple[str, int]] = field(
        default_factory=dict
    )  # period and revision by number in the site's ledger
    committed: dict[tuple[str, int], EarlierCommitment] = field(
        default_factory=dict
    )  # by period and revision, in the log's order


def next_revisions(taken_revisions: Collection[int]) -> tuple[int, ...]:
    """Which revision may come after those that were taken of a site and period."""
    return (max(taken_revisions) + 1,) if taken_revisions else FIRST_REVISIONS


HELD = """
SELECT 'taking', m.site_id, p.name, 0, NULL, '', 0
FROM catalogue_peergroupmember m
JOIN accounts_site s ON s.id = m.site_id
JOIN catalogue_peergroup g ON g.id = m.peer_group_id AND g.pack = s.pack
JOIN catalogue_reportingperiod p ON p.peer_group_id = g.id AND p.closed_at IS NULL
WHERE m.site_id IN ({sites})
UNION ALL
SELECT 'report', site_id, period, revision, ledger_sequence, digest, log_index FROM intake_submission WHERE site_id IN ({sites})
UNION ALL
SELECT 'committed', site_id, period, revision, sequence, digest, log_index FROM intake_commitment WHERE site_id IN ({sites})
ORDER BY 7
"""  # noqa: E501
"""The periods as `catalogue.selectors.period_taking_reports` finds them."""


def held_of(sites: Collection[int]) -> dict[int, SiteIntake]:
    """By site, in one statement."""
    wanted = [*sites]
    intakes: dict[int, SiteIntake] = {site: SiteIntake() for site in wanted}
    for what, site, period, revision, sequence, digest, _index in fetched(
        HELD.format(sites=placeholders(wanted)), wanted * 3
    ):
        of_site = intakes[site]
        if what == "taking":
            of_site.taking.add(period)
        elif what == "committed":
            of_site.committed[period, revision] = EarlierCommitment(digest, sequence)
        else:
            of_site.reports[period, revision] = digest
            of_site.by_sequence[sequence] = (period, revision)
    return intakes


def require_taken(header: Header, intake: SiteIntake) -> None:
    """The report is the next one of an open period, what it is of was committed to, and its number
    in the ledger is its own.

    Raises:
        RefusedError: `period-not-open`, `revision-out-of-order`, `commitment-missing`,
            `ledger-sequence-wrong` (422); `revision-conflict`, `ledger-sequence-used` (409).
    """
    if header.period not in intake.taking:
        raise RefusedError(
            422,
            "period-not-open",
            Phrase(
                "The portal accepts no reports of %(period)s from the site %(site)s.",
                period=header.period,
                site=header.site,
            ),
            "Check --period; if it is right, ask the regulator to open the period for your peer "
            "group.",
        )
    _require_turn(header, intake)
    _require_commitment(header, intake)
    _require_sequence(header, intake)


def _require_turn(header: Header, intake: SiteIntake) -> None:
    """A revision not yet taken, and the next one; or a later one that was committed to: what lies
    between was given up by the site.
    """
    taken_revisions = [revision for period, revision in intake.reports if period == header.period]
    if header.revision in taken_revisions:
        raise RefusedError(
            409,
            "revision-conflict",
            Phrase(
                "Another envelope for %(site)s, %(period)s, revision %(revision)s was accepted "
                "already.",
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            "Send that envelope again for its receipt, or the corrected report as the next "
            "revision.",
        )
    allowed = next_revisions(taken_revisions)
    if header.revision in allowed:
        return
    if header.revision < max(allowed) or (header.period, header.revision) not in intake.committed:
        raise RefusedError(
            422,
            "revision-out-of-order",
            Phrase(
                "Revision %(revision)s of %(site)s, %(period)s arrived before revision %(wanted)s.",
                revision=header.revision,
                site=header.site,
                period=header.period,
                wanted=max(allowed),
            ),
            "Send what is still in the spool first: revisions are accepted one after the other.",
        )


def _require_commitment(header: Header, intake: SiteIntake) -> None:
    """Something was committed to for this revision: the worker would open the report only to refuse
    it, and the revision be gone.
    """
    if (header.period, header.revision) not in intake.committed:
        raise RefusedError(
            422,
            "commitment-missing",
            Phrase(
                "No commitment was made for %(site)s, %(period)s, revision %(revision)s before "
                "this report.",
                site=header.site,
                period=header.period,
                revision=header.revision,
            ),
            "Use the agent of this release, which commits to the data first and draws with the "
            "portal's challenge.",
        )


def _require_sequence(header: Header, intake: SiteIntake) -> None:
    """The report's number in the site's ledger is that of its challenge, and no other report has
    it.
    """
    used = intake.by_sequence.get(header.ledger_sequence)
    if used is not None:
        raise RefusedError(
            409,
            "ledger-sequence-used",
            Phrase(
                "The report is number %(sequence)s of the ledger of %(site)s. The report of "
                "%(period)s, revision %(revision)s, which "
                "is already accepted, has the same number. The two come from ledgers that do not "
                "know of each other.",
                sequence=header.ledger_sequence,
                site=header.site,
                period=used[0],
                revision=used[1],
            ),
            SET_BACK,
        )
    wanted = intake.committed.get((header.period, header.revision))
    if wanted is not None and wanted.sequence != header.ledger_sequence:
        raise RefusedError(
            422,
            "ledger-sequence-wrong",
            Phrase(
                (
                    "The report states that it is number %(found)s of the ledger of %(site)s, but "
                    "its challenge gave it number %(wanted)s."
                ),
                found=header.ledger_sequence,
                site=header.site,
                wanted=wanted.sequence,
            ),
            SET_BACK,
        )
