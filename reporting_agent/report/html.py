"""The local report: one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_agent.config import Site
    from reporting_agent.pipeline import LabelResult


def render(site: Site, result: LabelResult, lang: str) -> str:
    return ""
