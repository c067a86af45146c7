"""What stands of shared labels and groups on the book's pages: what waits for a plant, and links of
its report, of a firm's sites and of an officer's firms.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from extras.sharing.groups import invitations_of
from portal.accounts.models import User
from portal.web.presenters.home import WaitingTask, task
from portal.web.viewmodels.methods import Link
from portal.web.words.terms import shown_name


def waiting(user: User, slug: str, today: date) -> Iterator[WaitingTask]:
    for row in invitations_of(user):
        if slug in ("", row.slug):
            what = _("%(site)s: invited to the group “%(group)s”") % {
                "site": row.slug,
                "group": shown_name(row.group.name),
            }
            address = reverse("web:join-group", args=[row.group_id, row.slug])
            yield task(None, today, what, shown_name(row.group.run_by.name), _("Answer"), address)


def report_acts(digest: str) -> Iterator[Link]:
    yield Link(
        _("Show it to others: certificate, links for buyers"), reverse("web:show", args=[digest])
    )


def groups() -> Iterator[Link]:
    yield Link(_("Parks and groups"), reverse("web:site-groups"))
