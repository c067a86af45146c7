"""Addresses: the API under /api/v1/, pages everywhere else."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from portal import extras
from portal.health import healthz
from portal.problems import not_found
from portal.schema import SchemaView
from portal.web.sight.readiness import livez, metrics, readyz

api: list[URLPattern | URLResolver] = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path("", include("portal.accounts.urls")),
    path("", include("portal.intake.urls")),
    path("", include("portal.publication.urls")),
    path("", include("portal.governance.urls")),
    path("", include("portal.practices.urls")),
    path("", include("portal.standings.urls")),
    path("", include("portal.assurance.urls")),
    path("", include("portal.translog.urls")),
    *extras.routes("api_urls"),
]

handler500 = "portal.web.middleware.outages.broken"

urlpatterns = [
    path("api/v1/", include((api, "api"))),
    re_path(r"^api/(?P<rest>(?s:.*))\Z", not_found),
    path("healthz", healthz),
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("", include("portal.web.account_urls")),
    path("", include("portal.web.urls")),
]
