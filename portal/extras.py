"""Django apps that extras add to the portal, found by their entry points; the portal imports none.

    [project.entry-points."steplabel.apps"]
    exercises = "extras.exercises"

What an app has beside its models, each if it is there:

    urls.py         its routes become pages of the portal, named `web:NAME`
    api_urls.py     its routes become addresses of the API, named `api:NAME`
    grants.sql      what the worker may do with its tables, run after the portal's own
    wall.sql        rows of the wall for its tables, as portal/wall.sql has those of the book
    lent.sql        sites whose rows it lends to a reader, as `wall_lent_sites` there selects them
    words.toml      words of what it records, added to the tables of `portal/web/words`
    locale          its catalogues
    demo.py         `fill(year, now)` and `act(site, now)`: what it does in the demo; `act` returns
                    addresses by what is there

Its `AppConfig` may have `public_pages`, names and titles of those to which everybody is led, and
`api_tags`, what groups of its API's addresses are for. In `ready` it adds to areas of the book's
pages (`portal/web/areas.py`) and follows what ends with a site (`portal/register/site_ends.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Generic, ParamSpec, TypeVar

from django.conf import settings
from django.urls import URLPattern

GROUP = "steplabel.apps"
Asked = ParamSpec("Asked")
Shown = TypeVar("Shown")


class Area(Generic[Asked, Shown]):
    """A place of the book to which extras add in the `ready` of their apps; else it is empty."""

    def __init__(self) -> None:
        self._added: list[Callable[Asked, Iterable[Shown]]] = []

    def add(self, shown: Callable[Asked, Iterable[Shown]]) -> None:
        self._added.append(shown)

    def __call__(self, *of: Asked.args, **more: Asked.kwargs) -> tuple[Shown, ...]:
        return tuple(one for added in self._added for one in added(*of, **more))


def installed() -> list[str]:
    """The apps that are there, by their names."""
    return [point.module for point in sorted(entry_points(group=GROUP)) if _is_there(point.module)]


def routes(name: str) -> list[URLPattern]:
    """Those of this module of each app: `urls` or `api_urls`."""
    return [route for module in modules(name) for route in module.urlpatterns]


def files(name: str) -> list[Path]:
    """Of the file of this name, what each app has."""
    folders = (Path(str(import_module(app).__file__)).parent for app in settings.EXTRAS)
    return [file for folder in folders if (file := folder / name).is_file()]


def modules(name: str) -> list[ModuleType]:
    """Of the module of this name, what each app has."""
    found = [module for app in settings.EXTRAS if _is_there(module := f"{app}.{name}")]
    return [import_module(module) for module in found]


def api_tags() -> dict[str, str]:
    """What groups of addresses of the API are for."""
    from django.apps import apps

    return {
        tag: meaning
        for app in apps.get_app_configs()
        for tag, meaning in getattr(app, "api_tags", {}).items()
    }


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
