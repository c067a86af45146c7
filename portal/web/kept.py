"""Renderings of what is public, kept in the cache: made without the request, so that nothing of a reader can stand in them.

A rendering is found again by everything it depends on: the digests of the signed documents and the states of their versions, language,
unit and host, and the program itself. Nothing is ever invalidated: what changes is looked for under another name, and what is not asked
for any more is forgotten after a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from django.core.cache import cache as store
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

import benchmarks
import portal

Made = TypeVar("Made", bound="bytes | str | Rendered")
SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page's own part: its title, and the text between the portal's head and foot."""

    title: str
    text: SafeString


def kept(name: str, content: tuple[Hashable, ...], make: Callable[[], Made]) -> Made:
    """What `make` gives, from the cache where it was made before. `content` is everything it depends on but language and program."""
    asked = repr((name, content, get_language(), _program()))
    key = f"public:{hashlib.sha256(asked.encode()).hexdigest()}"
    found = store.get(key)
    if found is None:
        with timezone.override(None):  # the scheme's own zone, whoever asks first
            found = make()
        store.set(key, found, SECONDS)
    return cast(Made, found)


def rendered(template: str, title: str, told: dict[str, object]) -> Rendered:
    """By a template that gets these values and nothing else: no request, no person, no token."""
    return Rendered(title, mark_safe(render_to_string(template, told)))  # noqa: S308 - rendered by a template that escapes


@cache
def _program() -> str:
    """Of every file of code, templates, texts and packs: a process that runs another state of them looks under other names."""
    digest = hashlib.sha256()
    for package in (portal, benchmarks):
        root = Path(str(package.__file__)).parent
        for path in sorted(path for path in root.rglob("*") if path.is_file() and path.parent.name != "__pycache__"):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
