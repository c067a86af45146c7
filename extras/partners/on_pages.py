"""What stands of partners on the book's pages: entries of the navigation, what waits for them,
links of a site, of firms, of the assigned sites and of an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from extras.partners import conformance, deliveries, terms
from portal.accounts.models import Role, Site, User
from portal.catalogue.deadlines import due_dates, last_day
from portal.web.areas import NavigationPart
from portal.web.presenters.home import WaitingTask, task
from portal.web.viewmodels.methods import Link
from portal.web.words.terms import period_name, shown_name


def navigation() -> Iterable[NavigationPart]:
    return [
        NavigationPart(text, page, frozenset({role}))
        for text, page, role in (
            (gettext_lazy("Your sources and sites"), "web:provider", Role.PROVIDER),
            (gettext_lazy("Declared deliveries"), "web:supplier", Role.SUPPLIER),
            (gettext_lazy("Data downloads"), "web:downloads", Role.ACADEMIC),
        )
    ]


def waiting(user: User, roles: frozenset[str], today: date) -> Iterator[WaitingTask]:
    """For suppliers, technology providers and academics."""
    undeclared = deliveries.undeclared(user) if Role.SUPPLIER in roles else ()
    later = due_dates({period.pk for _site, period in undeclared})
    for site, period in undeclared:
        name = _("%(site)s, %(period)s") % {
            "site": shown_name(site.name),
            "period": period_name(period.name),
        }
        note = _("Declare what you delivered. The certification body of the site can read it.")
        due = last_day(later.get((period.pk, site.pk), period.due))
        yield task(due, today, name, note, _("Declare it"), reverse("web:supplier"), late=False)
    if (
        Role.PROVIDER in roles
        and conformance.houses_of(user).exists()
        and not conformance.results_of(user)
    ):
        what = _("Declare which versions of your source pass the conformance kit")
        note = _("Plants and regulators can read it; a regulator may confirm it.")
        yield task(None, today, what, note, _("Declare a result"), reverse("web:provider"))
    if (
        Role.ACADEMIC in roles
        and terms.accepted_by(user) is None
        and terms.houses_to_accept_for(user).exists()
    ):
        what = _("Accept the terms of the archive of all published versions")
        note = _("You can download one archive after you accept them.")
        yield task(None, today, what, note, _("Read the terms"), reverse("web:downloads"))


def acts(site: Site, regulator: bool) -> Iterator[Link]:
    if not regulator:
        yield Link(_("Who has access"), reverse("web:access", args=[site.slug]))


def firms() -> Iterator[Link]:
    yield Link(_("Software checks"), reverse("web:conformance"))


def assigned() -> Iterator[Link]:
    yield Link(_("What energy suppliers declared"), reverse("web:assigned-deliveries"))


def account() -> Iterator[Link]:
    yield Link(_("All published versions as one archive"), reverse("web:downloads"))
