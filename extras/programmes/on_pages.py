"""What stands of programmes on the book's pages: an entry of the navigation, what waits for an
officer, tables and acts of a site, what stays when a firm leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from extras.programmes.incentive_pages import correction_in_words
from extras.programmes.incentives import incentives_at
from extras.programmes.models import IncentiveOffer
from extras.programmes.offers import offers_seen_by
from portal.accounts.models import Role, Site, User
from portal.accounts.selectors import jurisdictions_of
from portal.web.areas import NavigationPart
from portal.web.presenters.home import WaitingTask, task
from portal.web.presenters.listed import listed
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Link
from portal.web.words.terms import moment_in_words


def navigation() -> Iterable[NavigationPart]:
    return [
        NavigationPart(
            gettext_lazy("Programmes"),
            "web:incentives",
            frozenset({Role.REGULATOR}),
            after="web:assignments",
        )
    ]


def waiting(user: User, roles: frozenset[str], today: date) -> Iterator[WaitingTask]:
    """Incentives that somebody else proposed, for an officer who may decide on them."""
    if Role.REGULATOR not in roles:
        return
    mine = tuple(jurisdictions_of(user))
    proposed = (
        offers_seen_by(user).filter(state=IncentiveOffer.State.PROPOSED).exclude(proposed_by=user)
    )
    n = sum(
        any(jurisdiction.covers_path(offer.jurisdiction.path) for jurisdiction in mine)
        for offer in proposed
    )
    if n:
        what = ngettext("%(n)d proposed incentive", "%(n)d proposed incentives", n) % {"n": n}
        yield task(
            None,
            today,
            what,
            _("A second person decides."),
            _("Review %(n)d") % {"n": n},
            f"{reverse('web:offers')}?show=waiting",
        )


def tables(site: Site, query: QueryDict) -> Iterator[ListTable]:
    yield listed(
        incentives_at(site),
        query,
        caption=_("Incentives"),
        titles={"scheme": _("Scheme"), "amount": _("Yuan"), "at": _("Recorded")},
        keys={"at": lambda incentive: incentive.pk},
        default="-at",
        cells=lambda incentive: (
            TableCell(incentive.scheme),
            TableCell(
                f"{incentive.amount:,.2f}", num=True, note=correction_in_words(incentive.corrected)
            ),
            TableCell(moment_in_words(incentive.recorded_at)),
        ),
        empty="",
        prefix="i-",
    )


def acts(site: Site, regulator: bool) -> Iterator[Link]:
    if regulator:
        found = urlencode({"find": site.slug})
        yield Link(_("Enter an incentive"), f"{reverse('web:incentives')}?{found}#record")
    yield Link(_("Dossier for leaders and grades"), reverse("web:dossier", args=[site.slug]))


def staying() -> Iterator[str]:
    yield _(
        "Declarations in dossiers, and incentives that regulators granted: officers decided on "
        "them, and official records are not changed. The accounts of the people who declared are "
        "emptied."
    )
