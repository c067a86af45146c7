"""The zone that a person reads times in: chosen on the account page, else the scheme's own.

Only what is shown, and times that a person types, follow it. Days of the scheme (publication,
deadlines, validity) do not: `portal.days`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.web.viewmodels.shared import SelectOption
from portal.web.words.terms import zone_name

ZONES: Mapping[str, Promise] = {
    "Pacific/Honolulu": _("Honolulu"),
    "America/Los_Angeles": _("Los Angeles"),
    "America/Denver": _("Denver"),
    "America/Chicago": _("Chicago"),
    "America/New_York": _("New York"),
    "America/Sao_Paulo": _("São Paulo"),
    "UTC": _("Coordinated universal time"),
    "Europe/London": _("London"),
    "Africa/Lagos": _("Lagos"),
    "Europe/Berlin": _("Berlin, Paris"),
    "Africa/Johannesburg": _("Johannesburg"),
    "Europe/Istanbul": _("Istanbul"),
    "Europe/Moscow": _("Moscow"),
    "Asia/Dubai": _("Dubai"),
    "Asia/Tashkent": _("Tashkent"),
    "Asia/Kolkata": _("Mumbai"),
    "Asia/Almaty": _("Almaty"),
    "Asia/Bangkok": _("Bangkok, Hanoi"),
    "Asia/Jakarta": _("Jakarta"),
    "Asia/Shanghai": _("Beijing, Shanghai"),
    "Asia/Singapore": _("Singapore"),
    "Asia/Tokyo": _("Tokyo"),
    "Asia/Seoul": _("Seoul"),
    "Australia/Sydney": _("Sydney"),
    "Pacific/Auckland": _("Auckland"),
}
"""Those that can be chosen, by IANA name, from west to east."""

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ReadersZone(tzinfo):
    """The zone of who is signed in, looked up when the first time is shown: pages without one ask
    no session and no database.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def zone(self) -> tzinfo:
        user = self.request.user
        return (
            zone_of(user.zone if isinstance(user, User) else "") or timezone.get_default_timezone()
        )

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(moment)

    def dst(self, moment: datetime | None) -> timedelta | None:
        return self.zone.dst(moment)

    def tzname(self, moment: datetime | None) -> str | None:
        return self.zone.tzname(moment)

    def fromutc(self, moment: datetime) -> datetime:
        return self.zone.fromutc(moment.replace(tzinfo=self.zone)).replace(tzinfo=self)


class ReadersZoneMiddleware:
    """Renders pages in the zone of who is signed in. The API answers in UTC and knows no
    session.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(ReadersZone(request)):
            return self.get_response(request)


def zone_of(name: str) -> ZoneInfo | None:
    """None, which is the scheme's zone, for who never chose, and for what can be chosen no more."""
    return ZoneInfo(name) if name in ZONES else None


def choices(name: str, now: datetime) -> tuple[SelectOption, ...]:
    """Every zone with its distance from UTC as it is now, the person's own selected."""
    own = name if name in ZONES else settings.TIME_ZONE
    zones = []
    for zone, city in ZONES.items():
        with timezone.override(ZoneInfo(zone)):
            zones.append(SelectOption(zone, f"{city} ({zone_name(now)})", zone == own))
    return tuple(zones)
