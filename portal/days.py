"""The scheme's own days: which day a moment lies in, in the portal's zone, wherever its reader is.

What is published, due, signed or valid on a day means a day in the portal's zone, wherever its
reader is.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils.timezone import get_default_timezone, localdate


def scheme_day(moment: datetime | None = None) -> date:
    """The day that the moment lies in, today without one: in the zone of the settings, never in
    that of the person who asks.
    """
    return localdate(moment, get_default_timezone())
