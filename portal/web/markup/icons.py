"""The drawing of a state's mood: the same for every row of a long table, and so drawn once."""

from __future__ import annotations

from functools import cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


@cache
def icon(mood: str) -> SafeString:
    return mark_safe(render_to_string("web/parts/icon.html", {"mood": mood}).strip())  # noqa: S308 - our own drawing, nothing of a reader in it
