"""Permanent addresses of published versions: /b/<pack>/<period>/v<version>/, with the route between where it is not the main one."""

from __future__ import annotations

from django.urls import reverse

from portal.web.words import pack_of


def benchmark_url(pack: str, pack_version: str, route: str, period: str, version: int) -> str:
    if route == main_route(pack, pack_version):
        return reverse("web:benchmark", kwargs={"pack": pack, "period": period, "version": version})
    return reverse("web:benchmark-route", kwargs={"pack": pack, "route": route, "period": period, "version": version})


def main_route(pack: str, pack_version: str) -> str:
    known = pack_of(pack, pack_version)
    return known.routes[0].id if known else ""
