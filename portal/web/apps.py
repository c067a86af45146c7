"""The app of the pages; it has no models of its own."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "portal.web"
    label = "web"

    def ready(self) -> None:
        from portal import environment, stores  # noqa: F401 - register their checks
