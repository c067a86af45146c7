"""Django apps that extras add to the portal, found by their entry points; the portal imports none.

    [project.entry-points."steplabel.apps"]
    exercises = "extras.exercises"

The routes of an app's `urls.py` become pages of the portal, named `web:NAME`. Its `AppConfig` may
have `public_pages`, names and titles of those to which everybody is led.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec

GROUP = "steplabel.apps"


def installed() -> list[str]:
    """The apps that are there, by their names."""
    return [point.module for point in sorted(entry_points(group=GROUP)) if _is_there(point.module)]


def public_pages() -> list[tuple[str, str]]:
    """Name and title of each page of an extra to which everybody is led."""
    from django.apps import apps

    return [page for app in apps.get_app_configs() for page in getattr(app, "public_pages", ())]


def _is_there(module: str) -> bool:
    """What is left of a package that was deleted names it on."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
