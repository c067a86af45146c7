"""A person's saved filters as a table."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.web.lists.saved_lists import FilterLink
from portal.web.presenters.listed import listed
from portal.web.viewmodels.listed import ListTable, TableCell


def filters_list(rows: Sequence[FilterLink], query: QueryDict) -> ListTable:
    return listed(
        rows,
        query,
        caption=_("Your saved filters"),
        titles={
            "name": _("Name"),
            "list": _("Which list"),
            "rename": _("Rename"),
            "delete": _("Delete"),
        },
        keys={"name": lambda row: row.text, "list": lambda row: (row.of, row.text)},
        default="name",
        cells=lambda row: (
            TableCell(row.text, row.gone, row.url),
            TableCell(row.of),
            TableCell(_("Rename"), url=reverse("web:rename-filter", args=[row.id]), about=row.text),
            TableCell(_("Delete"), url=reverse("web:delete-filter", args=[row.id]), about=row.text),
        ),
        empty=_("Filter a list, then choose “Save this filter” above its rows."),
    )
