"""Django apps that extras add to the portal, found by their entry points; the portal imports none.

    [project.entry-points."steplabel.apps"]
    exercises = "extras.exercises"

What an app has beside its models, each if it is there:

    urls.py         its routes become pages of the portal, named `web:NAME`
    api_urls.py     its routes become addresses of the API, named `api:NAME`
    grants.sql      what the worker may do with its tables, run after the portal's own
    words.toml      words of what it records, added to the tables of `portal/web/words`
    locale          its catalogues

Its `AppConfig` may have `public_pages`, names and titles of those to which everybody is led, and in
`ready` it adds to areas of the book's pages (`portal/web/areas.py`) and follows what ends with a
site (`portal/register/site_ends.py`).
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.urls import URLPattern

GROUP = "steplabel.apps"


def installed() -> list[str]:
    """The apps that are there, by their names."""
    return [point.module for point in sorted(entry_points(group=GROUP)) if _is_there(point.module)]


def routes(module: str) -> list[URLPattern]:
    """Those of this module of each app: `urls` or `api_urls`."""
    modules = [name for app in settings.EXTRAS if _is_there(name := f"{app}.{module}")]
    return [route for name in modules for route in import_module(name).urlpatterns]


def files(name: str) -> list[Path]:
    """Of the file of this name, what each app has."""
    folders = (Path(str(import_module(app).__file__)).parent for app in settings.EXTRAS)
    return [file for folder in folders if (file := folder / name).is_file()]


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
