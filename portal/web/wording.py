"""The portal's words, looked up once in each language for the tables that say the same few hundreds of times.

Django looks a message up through its fallbacks at every call, longest where the page is English and no catalogue has it.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as look_up
from django.utils.translation import pgettext as look_up_in


def gettext(message: str) -> str:
    """For messages that stand in the program: they are few, and all are kept."""
    return _said(get_language(), message)


def pgettext(context: str, message: str) -> str:
    return _said_in(get_language(), context, message)


@lru_cache(maxsize=4096)
def _said(_language: str | None, message: str) -> str:
    return look_up(message)


@lru_cache(maxsize=4096)
def _said_in(_language: str | None, context: str, message: str) -> str:
    return look_up_in(context, message)
