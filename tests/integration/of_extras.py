"""What the extras that are installed add to the tests of the portal as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

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
    """Of each its `tests/integration/at_the_portal.py`, with `TABLE`, its rows of
    `test_addresses_by_role`, and `pages(scene)`, its pages of `test_queries_of_pages`.
    """
    names = [f"{app}.tests.integration.at_the_portal" for app in settings.EXTRAS]
    return [import_module(name) for name in names if _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # an app of anybody else, without tests
        return False
