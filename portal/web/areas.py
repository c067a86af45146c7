"""Areas of the book's pages to which extras add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise

from portal.accounts.models import Site, User
from portal.extras import Area
from portal.publication.shapes import BenchmarkView
from portal.web.viewmodels.listed import ListTable
from portal.web.viewmodels.methods import Link

if TYPE_CHECKING:
    from portal.web.presenters.home import WaitingTask


class NavigationPart(NamedTuple):
    """A part of the portal: its entry, its first page, and whose it is (anybody's without roles).

    Every address below that of the first page belongs to it; `also` are beginnings of others that
    do. One of an extra stands behind that with the first page `after`, else last.
    """

    text: Promise
    page: str
    roles: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()
    after: str = ""


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


NAVIGATION: Area[[], NavigationPart] = Area()

HOME: Area[[User, frozenset[str], date], WaitingTask] = Area()
"""What waits for a person, by their roles, on the day."""

VERSION_SECTIONS: Area[[int], StoredSection] = Area()
"""On the public page of a version, by its row's id, below the distribution of firms."""

VERSION_LINKS: Area[[int, bool], Link] = Area()
"""On an officer's page of a published version, by its row's id and whether it is an erratum."""

SITE_TABLES: Area[[Site, QueryDict], ListTable] = Area()
"""On the page of a site, for who regulates or owns it."""

SITE_ACTS: Area[[Site, bool], Link] = Area()
"""What somebody may do there: whether the reader regulates the site; else it is their own."""

FIRMS: Area[[], Link] = Area()
"""Above the applications of firms and sites, for officers."""

SITES: Area[[], Link] = Area()
"""Above the sites of a firm, for its people."""

PLANT_TASKS: Area[[User, str, date], WaitingTask] = Area()
"""What waits for a person of a firm on the day: at the site of this id, at all of them without."""

REPORT_ACTS: Area[[str], Link] = Area()
"""What a firm may do with its accepted report of this digest."""

CODES: Area[[HttpRequest, str], HttpResponse] = Area()
"""The page of a code on paper that is none of the book's."""

ASSIGNED: Area[[], Link] = Area()
"""Below the sites that a certification body is assigned to."""

ACCOUNT: Area[[], Link] = Area()
"""On the page of a person's account, for who may have keys."""

STAYING: Area[[], str] = Area()
"""On the certificate of deletion: what stays when a firm leaves, and why."""
