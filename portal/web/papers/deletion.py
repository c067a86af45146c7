"""The certificate of deletion: what was deleted when a firm left, and what stays."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from portal.register.leaving import DeletionRecord
from portal.web import areas
from portal.web.papers.layout import document_of, table_of, text_of
from portal.web.viewmodels.shared import Item
from portal.web.words.terms import moment_in_words, shown_name, zone_name


def facts(done: DeletionRecord) -> tuple[Item, ...]:
    return (
        Item(_("Deleted on"), f"{moment_in_words(done.when)} ({zone_name(done.when)})"),
        Item(_("Sealed and opened reports"), f"{len(done.digests):,}"),
        Item(_("Released values"), f"{done.values:,}"),
        Item(_("Accounts of people"), f"{done.people:,}"),
        Item(_("Sites removed from every peer group"), f"{done.sites:,}"),
    )


def staying() -> Sequence[str]:
    """What stays and why, as the page and the paper say it."""
    return (
        _(
            "What was published: others cite it. It names a firm only if that firm had chosen to "
            "be named."
        ),
        _(
            "Certificates of management systems, and audits with their findings and answers: "
            "officers and auditors decided on them. The accounts of the people who wrote them are "
            "emptied: they have no name, no address and no password."
        ),
        _(
            "Practices of it that were published in the library. Each names the firm only if it "
            "had chosen that."
        ),
        _(
            "The receipt of each report and its place in the log: a log with a missing entry "
            "proves nothing. They contain digests only."
        ),
        _(
            "For each published value, a record that some firm contributed to it with this class "
            "and these grid points, with firm"
            " and report under random names. Without it a later version could reveal another "
            "firm. Until another firm of the cell leaves,"
            " the operator can still tell which firm it was."
        ),
        _(
            "The record of who did what, with the addresses of these people, and the reminders "
            "and extensions that regulators granted: official records are not changed."
        ),
        *areas.STAYING(),
        _("Backups of the operator, until they are overwritten in turn."),
    )


def pdf(done: DeletionRecord) -> bytes:
    title = _("Certificate of deletion: %(firm)s") % {"firm": shown_name(done.firm)}
    parts = [
        text_of(title, "title"),
        text_of(
            _(
                "The firm left the programme. The following was deleted from the portal’s "
                "databases:"
            ),
            "lead",
        ),
        table_of(
            [_("What"), _("How much")], [[item.title, item.text] for item in facts(done)], (3, 2)
        ),
        text_of(_("What stays, and why"), "heading"),
        *(text_of(line, "body") for line in staying()),
        text_of(_("Digests of the deleted reports, as on their receipts"), "heading"),
        *(text_of(digest, "body") for digest in done.digests),
    ]
    return document_of(parts, title, title, title)
