"""`GET /api/v1/drafts/`: the versions of a peer group's period that the public has not seen, too,
for who decides about them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.listing import PERIOD, Filter, ListView, listed, number, row_of
from portal.publication.models import VersionStatus
from portal.publication.selectors import drafts_of


class DraftSerializer(serializers.Serializer[Any]):
    """A version and its fate. Its figures are on its page, behind the gate."""

    version = serializers.IntegerField()
    status = serializers.ChoiceField(VersionStatus.values)
    drafted_by = serializers.CharField()
    approved_by = serializers.CharField(allow_blank=True)
    published_on = serializers.DateField(allow_null=True)
    withdrawn_on = serializers.DateField(allow_null=True)
    withdrawal_reason = serializers.CharField(allow_blank=True)
    what_changed = serializers.CharField(allow_blank=True)


@listed("drafts", DraftSerializer)
class DraftsView(ListView):
    """All versions of one period of a peer group; none for who is no regulator of it."""

    scope: ClassVar[str] = Scope.DRAFTS
    filters = (
        Filter(
            "group",
            r"[1-9][0-9]{0,8}",
            Phrase("A peer group, by the number that `periods` gives."),
            needed=True,
        ),
        Filter("period", PERIOD, Phrase("As `--period` spells it."), needed=True),
    )

    def get(self, request: Request) -> Response:
        views = drafts_of(
            self.who(request), int(self.asked(request, "group")), self.asked(request, "period")
        )
        rows = [row_of(view, DraftSerializer) for view in views]
        return self.page(request, rows, lambda row: (number(row["version"]),))
