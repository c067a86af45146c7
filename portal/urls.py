"""Addresses: the API under /api/v1/, pages everywhere else."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from portal.problems import not_found

api: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(throttle_scope="public"), name="schema"),
    path("", include("portal.accounts.urls")),
    path("", include("portal.intake.urls")),
    path("", include("portal.publication.urls")),
]

urlpatterns = [
    path("api/v1/", include((api, "api"))),
    re_path(r"^api/(?P<rest>.*)$", not_found),
    path("", include("portal.web.urls")),
]
