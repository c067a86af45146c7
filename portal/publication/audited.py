"""What a version tells of audits: which share of its sites is attested, by whom, until when, and
who left it for an adverse opinion.

Counts only, and no count that would point at a firm: see
`benchmarks.explanation.en16231.verification_of_data`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from benchmarks.declared import Words, worded
from benchmarks.explanation.facts import StepAttested, Verification
from benchmarks.phrases import in_number
from portal.standings.attested import NotEnteredReason
from portal.standings.cohort import Cohort
from portal.standings.models import Verdict


def verification(present: Cohort) -> Verification:
    """Of the sites that enter: how many of each step are attested, which bodies said so, and until
    when the first of it is valid.
    """
    reported: defaultdict[str, dict[str, str]] = defaultdict(dict)  # step -> site -> firm
    for reported_label in present.labels:
        reported[reported_label.label.step][reported_label.site] = reported_label.firm
    steps = []
    for step, sites in reported.items():
        attested = {
            site: firm
            for site, firm in sites.items()
            if present.verdicts.attests(present.submissions[site], step)
        }
        others = {firm for site, firm in sites.items() if site not in attested}
        steps.append(
            StepAttested(step, len(attested), len(sites), len(set(attested.values())), len(others))
        )
    unopposed = set(present.submissions.values()) - present.verdicts.adverse
    counting = [
        row for submission in unopposed for row in present.verdicts.positive.get(submission, ())
    ]
    names = _names(counting)
    return Verification(
        bodies=len(names),
        names=names,
        steps=tuple(steps),
        valid_until=min((row.valid_until for row in counting), default=None),
    )


def _names(counting: Iterable[Verdict]) -> tuple[Words, ...]:
    """Each body once, as its newest statement among these names it: a body that is renamed without
    another changes nothing that was approved."""
    newest = {
        row.certification_body_id or row.body: row
        for row in sorted(counting, key=lambda row: row.pk)
    }
    return tuple(
        Words(en=row.body, zh=row.body_zh or row.body)
        for row in sorted(newest.values(), key=lambda row: row.body)
    )


def excluded(present: Cohort) -> tuple[tuple[str, int], ...]:
    """How many reports the peer group's policy leaves out, by reason."""
    return tuple(sorted(Counter(reason.value for reason in present.left_out.values()).items()))


def told_of_change(what_changed: str, present: Cohort, before: Collection[str]) -> Words:
    """The drafter's words, in the one language they were written in, and who left since by what an
    auditor found.
    """
    description = (
        Words.of(what_changed)
        if what_changed
        else worded("the drafter did not describe the change.")
    )
    gone = sum(
        reason is NotEnteredReason.ADVERSE and digest in before
        for digest, reason in present.left_out.items()
    )
    if not gone:
        return description
    left = in_number(
        gone,
        "%(change)s %(sites)s site left this version after an adverse opinion of a certification "
        "body.",
        "%(change)s %(sites)s sites left this version after an adverse opinion of a certification "
        "body.",
        change=description,
        sites=gone,
    )
    return Words.of(left)
