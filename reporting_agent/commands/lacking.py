"""The plant's own label, and what a report lacks, as `check --release` and `preview` list it: each
thing once for the site, the largest effect first, with the lines to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, in_number

if TYPE_CHECKING:
    from benchmarks.measurements import Period
    from reporting_agent.changes.questioned_label import QuestionedLabel
    from reporting_agent.changes.reportable import MissingForRelease
    from reporting_agent.config import SiteSettings


def made(site: SiteSettings, period: Period | None, now: datetime) -> QuestionedLabel:
    """The plant's own label of the period; of none, of all that the files tell of."""
    from reporting_agent import pipeline
    from reporting_agent.changes.questioned_label import questioned
    from reporting_agent.pipeline import own_pack, whole_period

    alone = site.inputs.readings is not None and not (site.inputs.batches or site.inputs.log)
    if period is None and alone and site.inputs.source is None:
        period = whole_period.of_meters(site, pipeline.read(site, None))
    elif period is None:
        period = whole_period.of_runs(site)
    result = pipeline.own_label(site, period, outward=site.pack != own_pack.OWN)
    return questioned(site, result, now)


def lacking(site: SiteSettings, period: Period | None) -> tuple[MissingForRelease, ...]:
    """What a report of the period lacks, of all that the files hold where none is given."""
    from reporting_agent.changes.reportable import missing_for_release
    from reporting_agent.sending.eligibility import why_not_reportable

    refused = why_not_reportable(site)
    return missing_for_release(site, made(site, period, datetime.now(UTC)), refused)


def as_text(missing: Sequence[MissingForRelease], lang: str) -> list[str]:
    """One block a thing: what it is, how many of the runs it decides about, what to add."""
    if not missing:
        return [in_language(Phrase("Nothing is missing: a report may leave."), lang)]
    head = in_number(
        len(missing),
        "A report lacks %(count)s thing:",
        "A report lacks %(count)s things, the one with the largest effect first:",
        count=f"{len(missing):,}",
    )
    lines = [in_language(head, lang)]
    for number, one in enumerate(missing, start=1):
        share = f" ({one.effect:.0%})" if one.effect else ""
        lines.append(f"{number}. {in_language(one.why, lang)}{share} [{one.code}]")
        lines += [f"     {line}" for line in in_language(one.add, lang).splitlines()]
    return lines
