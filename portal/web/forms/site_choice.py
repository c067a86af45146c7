"""A site to choose among thousands, without a script: words find some (`?find=`), and the form
offers what was found.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import Site
from portal.web.search import LONGEST, MOST, sites_fitting
from portal.web.words.terms import shown_name


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """What a form offers. `searched`: there are more sites than fit a list, so the page has a
    search.
    """

    words: str
    searched: bool
    offered: tuple[tuple[str, str], ...]  # id, and name, id and firm in words
    matches: int  # by the words
    more: bool  # more than are offered


def site_choice(sites: QuerySet[Site], text: str, chosen: str) -> SiteChoice:
    """All of at most `MOST` sites; of more those that fit the words, and none without words.

    Args:
        chosen: the id that was sent with the form: it stays on offer, whatever the words find, if
            it is one of `sites`.
    """
    words = " ".join(text.split())[:LONGEST]
    fitting = list(sites_fitting(sites, ())[: MOST + 1])
    if searched := len(fitting) > MOST:
        fitting = list(sites_fitting(sites, words.split())[: MOST + 1]) if words else []
    listed = fitting[:MOST]
    if chosen and all(site.slug != chosen for site in listed):
        listed += sites_fitting(sites, ()).filter(slug=chosen)
    offered = (
        (site.slug, f"{shown_name(site.name)} ({site.slug}), {shown_name(site.organisation.name)}")
        for site in listed
    )
    several = [("", _("Choose one"))] if len(listed) > 1 else []
    return SiteChoice(words, searched, (*several, *offered), len(fitting), len(fitting) > MOST)
