"""Areas of the book's pages to which extras add: each is empty until the `ready` of an app adds
something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

from portal.publication.shapes import BenchmarkView
from portal.web.viewmodels.listed import ListTable
from portal.web.viewmodels.methods import Link

Asked = ParamSpec("Asked")
Shown = TypeVar("Shown")


class Area(Generic[Asked, Shown]):
    """What a page shows there: of each extra, whatever it has to show for what the page is of."""

    def __init__(self) -> None:
        self._added: list[Callable[Asked, Shown | None]] = []

    def add(self, shown: Callable[Asked, Shown | None]) -> None:
        self._added.append(shown)

    def __call__(self, *of: Asked.args, **more: Asked.kwargs) -> tuple[Shown, ...]:
        every = (shown(*of, **more) for shown in self._added)
        return tuple(found for found in every if found is not None)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence, and where there is one a table with its source: on the page and on
    paper.
    """

    title: str
    sentence: str
    table: ListTable | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class StoredSection:
    """A section of a cached page, made where the page is rendered. `digest` is of all that it is
    made of beside the version.
    """

    digest: str
    section: Callable[[BenchmarkView], Section | None]


VERSION_SECTIONS = Area[[int], StoredSection]()
"""On the public page of a version, by its row's id, below the distribution of firms."""

VERSION_LINKS = Area[[int, bool], Link]()
"""On an officer's page of a published version, by its row's id and whether it is an erratum."""
