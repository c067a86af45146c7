"""One search over firms, sites, versions, practices, people, events, codes: each part asks the
selector that knows what one may see.

A word that stands in what is somebody else's finds nothing, exactly as one that stands nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.models import Role, Site, User
from portal.accounts.selectors import colleagues_of, roles_of, visible_sites
from portal.assurance.attestation_standing import canonical
from portal.assurance.engagements import assigned_to
from portal.catalogue import trail
from portal.catalogue.trail import TrailFilter
from portal.names import RelatedName
from portal.practices.selectors import library
from portal.publication.selectors import latest_published
from portal.web.addresses import benchmark_url
from portal.web.presenters.benchmarks import fitting
from portal.web.presenters.regulator import page_title
from portal.web.words.events import act_in_words, name_in_words
from portal.web.words.terms import Names, in_page_language, moment_in_words, period_name, shown_name


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One hit; without `url` there is no page of it."""

    text: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class FoundPart:
    title: str
    rows: tuple[SearchHit, ...]


MOST = 20
LONGEST = 100
_OF_FIRM = ("organisation__name", "organisation__name_zh", "organisation__credit_code")


def search(user: User | None, text: str) -> tuple[FoundPart, ...]:
    """The parts that found something; at most `MOST` of each. Nobody, and nothing typed, finds
    nothing but versions.
    """
    words = text.casefold().split()
    if not words:
        return ()
    parts = [
        FoundPart(_("Benchmarks"), _versions(words)),
        FoundPart(_("Best practice"), _practices(words)),
    ]
    if code := canonical(text):
        parts.insert(
            0,
            FoundPart(
                _("Check a certificate"),
                (SearchHit(code, "", f"{reverse('web:verify-ask')}?code={code}"),),
            ),
        )
    if user is not None:
        roles = roles_of(user)
        sites = list(_sites(user, words))
        parts = [
            FoundPart(pgettext("heading", "Firms"), _firms(user, words)),
            FoundPart(_("Sites"), tuple(_site(site) for site in sites)),
            FoundPart(
                _("Assigned sites"),
                _assigned(user, words) if Role.CERTIFICATION_BODY in roles else (),
            ),
            FoundPart(_("People"), _people(user, words)),
            *parts,
            FoundPart(_("Events"), _events(user, text) if Role.REGULATOR in roles else ()),
        ]
    return tuple(part for part in parts if part.rows)


def _every(words: Sequence[str], *fields: str) -> Q:
    """That each word stands in one of these fields."""
    condition = Q()
    for word in words:
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": word})
        condition &= anywhere
    return condition


def sites_fitting(sites: QuerySet[Site], words: Sequence[str]) -> QuerySet[Site]:
    """Those of which id, name, code or firm has every word, with their firms, by id."""
    fits = _every(words, "slug", "name", "name_zh", "credit_code", *_OF_FIRM)
    return sites.filter(fits).select_related("organisation").order_by("slug")


def _sites(user: User, words: Sequence[str]) -> QuerySet[Site]:
    return sites_fitting(visible_sites(user), words)[:MOST]


def _site(site: Site) -> SearchHit:
    firm = shown_name(site.organisation.name)
    return SearchHit(
        shown_name(site.name), f"{site.slug} · {firm}", reverse("web:site-record", args=[site.slug])
    )


def _firms(user: User, words: Sequence[str]) -> tuple[SearchHit, ...]:
    control = "organisation__controlling_firm__name"
    rows = visible_sites(user).filter(_every(words, *_OF_FIRM, control, f"{control}_zh"))
    named = rows.order_by("organisation__name").annotate(called=RelatedName("organisation__"))
    firms = named.values_list("organisation", "called", "organisation__credit_code").distinct()[
        :MOST
    ]
    return tuple(
        SearchHit(shown_name(name), code, reverse("web:firm-record", args=[pk]))
        for pk, name, code in firms
    )


def _assigned(user: User, words: Sequence[str]) -> tuple[SearchHit, ...]:
    rows = (
        assigned_to(user)
        .filter(_every(words, "site__slug", "site__name", "site__name_zh", "period"))
        .select_related("site")
    )
    return tuple(
        SearchHit(
            shown_name(assignment.site.name),
            period_name(assignment.period),
            reverse("web:engagement", args=[assignment.pk]),
        )
        for assignment in rows.order_by("-period", "site__slug")[:MOST]
    )


def _people(user: User, words: Sequence[str]) -> tuple[SearchHit, ...]:
    rows = colleagues_of(user).filter(_every(words, "user__name", "user__email"))
    led = {Role.REGULATOR: ""}
    return tuple(
        SearchHit(
            str(membership.user),
            shown_name(membership.organisation.name),
            led.get(Role(membership.role), reverse("web:people")),
        )
        for membership in rows.select_related("user", "organisation").order_by("user__email")[:MOST]
    )


def _versions(words: Sequence[str]) -> tuple[SearchHit, ...]:
    hits = []
    for view in fitting(latest_published(), words)[:MOST]:
        title = page_title(Names.of(view.pack, view.pack_version), view.route, view.period)
        note = f"{shown_name(view.scope)} · {_('version %(n)s') % {'n': view.version}}"
        hits.append(SearchHit(title, note, benchmark_url(view, view.version)))
    return tuple(hits)


def _practices(words: Sequence[str]) -> tuple[SearchHit, ...]:
    """By title and step, in either language."""
    hits = []
    for practice in library().practices:
        names = Names.newest(practice.sector)
        step = names.step(practice.step) if practice.step else None
        texts = (practice.words, *((step.words,) if step else ()))
        haystack = " ".join(
            text for each in texts for text in (each.en, each.said_in("zh"))
        ).casefold()
        if all(word in haystack for word in words):
            hits.append(
                SearchHit(
                    in_page_language(practice.words),
                    names.sector,
                    reverse("web:practice", args=[practice.id]),
                )
            )
    return tuple(hits[:MOST])


def _events(user: User, text: str) -> tuple[SearchHit, ...]:
    by_subject = trail.events(user, TrailFilter(subject=text), 0, MOST)
    address = reverse("web:trail")
    return tuple(
        SearchHit(
            capfirst(act_in_words(event.action)),
            " · ".join(
                (
                    moment_in_words(event.at),
                    name_in_words(event.actor),
                    name_in_words(event.subject),
                )
            ),
            f"{address}?action={event.action}",
        )
        for event in by_subject
    )
