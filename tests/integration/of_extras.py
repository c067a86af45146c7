"""What the extras that are installed add to the tests of the portal as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.conf import settings

from portal.accounts.models import User
from portal.publication.models import Publication
from tests.integration.portal_cast import Cast

Pages = Mapping[str, tuple[User | None, str]]
"""By what they are called: who opens them, and their address."""


@dataclass(frozen=True, slots=True)
class PageScene:
    """Of `test_queries_of_pages`: all firms have reported, one version is published."""

    cast: Cast
    published: Publication


def at_the_portal() -> list[ModuleType]:
    """Of each its `tests/integration/at_the_portal.py`. It may have: `TABLE`, its rows of
    `test_addresses_by_role`, with `values(cast)` that stand in addresses; `KEYED`, its rows of
    `test_api_by_role`, with `by_key(cast)`, what their keys find and what stands in addresses; `pages(scene)`, its pages of `test_queries_of_pages`; `OWN_NAMES()`, `LEFT`
    and `COLUMNS` of `test_pages_in_a_third_language`; `FOR` of `test_schema_holds`.
    """
    names = [f"{app}.tests.integration.at_the_portal" for app in settings.EXTRAS]
    return [import_module(name) for name in names if _is_there(name)]


def of_each(name: str) -> Iterator[Any]:
    """What each has by this name, if it has it."""
    yield from (getattr(extra, name) for extra in at_the_portal() if hasattr(extra, name))


def merged(name: str) -> dict[str, Any]:
    """The mappings of this name as one."""
    return {key: row for rows in of_each(name) for key, row in rows.items()}


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # an app of anybody else, without tests
        return False
