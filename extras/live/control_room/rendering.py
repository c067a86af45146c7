"""The templates of the control room's pages, and where its pages stand."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from benchmarks.catalogue import tag


def prefix(lang: str) -> str:
    """Where the pages in a language stand."""
    return "/" if lang == "en" else f"/{lang}/"


def safe(rendered: str) -> Any:
    """What templates have escaped already."""
    from markupsafe import Markup

    return Markup(rendered)  # noqa: S704 - templates escaped it


@cache
def templates() -> jinja2.Environment:
    """Those of this package."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("extras.live.control_room"),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["tag"] = tag
    return environment
