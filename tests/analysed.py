"""The analysis of a label that a test made itself, with what is asked of its data; as of the end of
its period.
"""

from __future__ import annotations

from reporting_agent.analysis import Analysis, analyse
from reporting_agent.changes.questioned_label import questioned
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult


def analysed(site: SiteSettings, result: LabelResult) -> Analysis:
    return analyse(site, questioned(site, result, result.site_label.period.end))
