"""Many boxes ticked by one click, without a script: links that tick all, none, or one
jurisdiction's, by the address (`?choose=`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.web.lists.tables import with_query
from portal.web.viewmodels.shared import SelectOption

ALL, NONE = "all", "none"
FEWEST = 3
"""Of fewer boxes each is ticked by hand."""


@dataclass(frozen=True, slots=True)
class ChoiceBox:
    """One box: its value, and its jurisdiction, as its path and in words."""

    value: str
    jurisdiction: str
    jurisdiction_name: str


def chosen_by(rows: Sequence[ChoiceBox], query: QueryDict) -> frozenset[str] | None:
    """The values that the address ticks; None where it says nothing."""
    asked = query.get("choose")
    if asked is None:
        return None
    return frozenset(row.value for row in rows if asked in (ALL, row.jurisdiction))


def choosing(rows: Sequence[ChoiceBox], query: QueryDict) -> tuple[SelectOption, ...]:
    """The links, each with how many it ticks; one a jurisdiction where there are several."""
    if len(rows) < FEWEST:
        return ()
    asked, jurisdictions = (
        query.get("choose", ""),
        Counter((row.jurisdiction, row.jurisdiction_name) for row in rows),
    )
    offered = [(ALL, _("all %(n)d") % {"n": len(rows)}), (NONE, _("none of them"))]
    if len(jurisdictions) > 1:
        offered += [
            (path, f"{name} ({count})") for (path, name), count in sorted(jurisdictions.items())
        ]
    return tuple(
        SelectOption(with_query(query, choose=code), text, code == asked) for code, text in offered
    )
