"""How often something may be asked for, as the environment says it: `300/min`."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

SECONDS = {
    "s": 1,
    "sec": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
}


def rate(name: str, default: str) -> tuple[int, int] | None:
    """How often, in how many seconds; None, no limit, where the variable is set and empty."""
    text = os.environ.get(name, default).strip()
    if not text:
        return None
    most, _, period = text.partition("/")
    if not (most.isascii() and most.isdigit() and int(most)) or period not in SECONDS:
        raise ImproperlyConfigured(
            f"{name} is {text!r}; it must be a number and a time, such as {default}, or empty for "
            "no limit. The number is at least 1, "
            f"the time one of {', '.join(SECONDS)}."
        )
    return int(most), SECONDS[period]


def rate_text(name: str, default: str) -> str | None:
    """The same as Django REST framework reads it."""
    return os.environ.get(name, default).strip() if rate(name, default) else None
