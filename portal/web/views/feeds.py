"""For programs of the public: publications as an Atom feed, and the addresses of all public
pages.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from benchmarks import packs
from portal import extras
from portal.own_address import absolute
from portal.publication.sectors import groups_in_force
from portal.publication.selectors import every_published
from portal.read_replica import from_replica
from portal.web.addresses import benchmark_url
from portal.web.presenters.regulator import page_title
from portal.web.words.terms import Names, shown_name

MOST = 50
PUBLIC_PAGES = (
    *("sectors", "about", "practices", "verify-ask"),
    *("status", "register", "agent", "api"),
)


@require_safe
@from_replica
def publications(_request: HttpRequest) -> HttpResponse:
    """The newest publications and withdrawals; an entry's id is the address to cite."""
    feed = Atom1Feed(
        title=_("Steplabel: benchmarks"),
        link=absolute(reverse("web:sectors")),
        feed_url=absolute(reverse("web:feed")),
        description="",
        language=get_language(),
    )
    rows = sorted(
        every_published(),
        key=lambda row: row.withdrawn_at or row.published_at or row.end,
        reverse=True,
    )
    for row in rows[:MOST]:
        title = page_title(Names.of(row.pack, row.pack_version), row.route, row.period)
        named = {"title": title, "scope": shown_name(row.scope), "n": row.version}
        gone = row.withdrawn_at is not None
        feed.add_item(
            title=(
                _("Withdrawn: %(title)s, %(scope)s, version %(n)s")
                if gone
                else _("%(title)s, %(scope)s, version %(n)s")
            )
            % named,
            link=absolute(benchmark_url(row, row.version)),
            description=row.withdrawal_reason
            if gone
            else row.what_changed or (_("First version.") if row.version == 1 else ""),
            unique_id=absolute(benchmark_url(row, row.version)),
            pubdate=row.published_at,
            updateddate=row.withdrawn_at or row.published_at,
        )
    return HttpResponse(
        feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )


@require_safe
@from_replica
def sitemap(request: HttpRequest) -> HttpResponse:
    """Of sectors those in force; of versions each that the public has seen: they keep their
    addresses for ever.
    """
    groups = (
        reverse("web:sector", args=[group.pack, group.jurisdiction, group.route])
        for group in groups_in_force()
    )
    versions = (benchmark_url(row, row.version) for row in every_published())
    methods = (
        reverse("web:method-version", args=[pack.id, pack.version])
        for pack in map(packs.load, packs.available())
    )
    names = (*PUBLIC_PAGES, *(name for name, _title in extras.public_pages()))
    addresses = [
        absolute(address)
        for address in (*(reverse(f"web:{name}") for name in names), *methods, *groups, *versions)
    ]
    return render(
        request, "web/sitemap.xml", {"addresses": addresses}, content_type="application/xml"
    )
