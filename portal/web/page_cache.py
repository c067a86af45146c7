"""Rendered public pages and files, cached: made without the request, so that nothing of a reader
can stand in them.

An entry is found again by everything it depends on: digests and states of the versions it shows,
language, unit, page of the list, the configured address and the program itself. A view passes
values that it has looked up (a pack, a row, a unit), never text out of the request: however often
and however oddly pages are asked for, there are no more entries than published things to show.

Nothing is ever invalidated: what changes is looked for under another name, and what is not asked
for any more is forgotten after a day. The store may forget more, be full or be away at any time:
then pages are rendered again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeVar, cast

import redis
from django.conf import settings
from django.core.cache import caches
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

import benchmarks
import portal
from portal.own_address import own_address

Content = TypeVar("Content", bound="bytes | str | RenderedPage")
STORE = "pages"
SECONDS = 24 * 3600

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page's own part: its title, and the text between the portal's head and foot."""

    title: str
    text: SafeString


def cached(name: str, depends_on: tuple[Hashable, ...], make: Callable[[], Content]) -> Content:
    """What `make` gives, from the cache where it was made before.

    Args:
        depends_on: known values alone; language, address and program are added here.
    """
    described = repr((name, depends_on, get_language(), own_address(), _program()))
    key = f"public:{hashlib.sha256(described.encode()).hexdigest()}"
    try:
        content = caches[STORE].get(key)
    except redis.RedisError as error:
        log.warning("The page cache does not answer (%s); the page is rendered.", error)
        content = None
    if content is None:
        with timezone.override(None):  # the scheme's own zone, whoever asks first
            content = make()
        try:
            caches[STORE].set(key, content, SECONDS)
        except redis.RedisError as error:
            log.warning("The page cache takes nothing (%s).", error)
    return cast(Content, content)


def rendered(template: str, title: str, context: dict[str, object]) -> RenderedPage:
    """By a template that gets these values and nothing else: no request, no person, no token."""
    return RenderedPage(title, mark_safe(render_to_string(template, context)))  # noqa: S308 - rendered by a template that escapes


@cache
def _program() -> str:
    """Of every file of code, templates, texts and packs, of extras too: a process that runs another
    state of them looks under other names.
    """
    digest = hashlib.sha256()
    for package in (portal, benchmarks, *map(import_module, settings.EXTRAS)):
        root = Path(str(package.__file__)).parent
        for path in sorted(
            path for path in root.rglob("*") if path.is_file() and path.parent.name != "__pycache__"
        ):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
