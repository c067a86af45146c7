"""The agent that runs at the plant: reads its files, makes the local step label, protects and sends
the report.

It runs without Django and without the portal. Everything exact stays on the site; see
`docs/agent.md`.

`label_site` gives a program what `steplabel-agent label` gives a person:

    import reporting_agent
    frames = reporting_agent.label_site("site.toml", "2016")
    frames.gaps.nlargest(10, "gap")
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_agent.report.frames import SiteFrames

__all__ = ["label_site"]


def label_site(site: str | PathLike[str], period: str) -> SiteFrames:
    """Label a site and give every table of its report as a pandas frame. Nothing is written and
    nothing is sent.

    Args:
        site: the path of site.toml.
        period: `2016`, `2016-Q1`, `2016-05` or `2016-01-01/2016-07-01` (the second day not
            included), in the site's time zone.

    Returns:
        labels, batches, gaps and the rest, columns and units as docs/report.md lists them.

    Raises:
        InputError: a file, the configuration or the period cannot be used; says file, row, column,
            found and wanted.
        PolicyRefusal: the site's own rules do not allow it.
    """
    from datetime import UTC, datetime

    from reporting_agent.analysis import analyse
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.config import load_site
    from reporting_agent.report.frames import frames, require_pandas

    require_pandas()
    configured = load_site(site if isinstance(site, str) else str(site))
    label = labelled(configured, period, datetime.now(UTC))
    return frames(label.result, analyse(configured, label))
