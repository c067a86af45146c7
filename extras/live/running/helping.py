"""Which practices of the libraries help against an alert's likely cause, at its step."""

from __future__ import annotations

from benchmarks.guidance.practices import Library, Practice
from extras.live.running.plant import Alert
from reporting_agent.config import SiteSettings

MOST = 2


def practices_against(
    site: SiteSettings, alert: Alert, library: Library | None = None
) -> tuple[Practice, ...]:
    """Those that come with Steplabel and those of the signed library, as `practices fetch` keeps
    it; only such as name that cause.
    """
    if not alert.reason:
        return ()
    practice_library = library or Library.held()
    return tuple(
        practice
        for practice in practice_library.of_step(site.site.pack, alert.step)
        if practice.cause == alert.reason
    )[:MOST]
