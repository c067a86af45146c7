"""`GET /api/v1/assignments/`: what a certification body checks, for it and for the regulator of the
site, with the outside of every report.

Assigning and taking back is decided by a person on the pages: no key decides anything.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.assurance.engagements import EngagementView, engagements_of, engagements_regulated
from portal.days import scheme_day
from portal.intake.api_reports import ReportSerializer, report_row
from portal.listing import PERIOD_FILTER, SITE_FILTER, Filter, ListView, listed, number

COLUMNS = (
    "id",
    "body",
    "site",
    "period",
    "assigned_at",
    "due",
    "sees_values",
    "taken_back_at",
    "taken_back_reason",
)
STATE_FILTER = Filter(
    "state", "standing|taken-back", Phrase("Those that stand, or those that were taken back.")
)


class AssignmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    body = serializers.CharField()
    site = serializers.CharField()
    period = serializers.CharField()
    assigned_at = serializers.DateTimeField()
    due = serializers.DateField(
        allow_null=True, help_text="The conclusion is wanted by the end of it."
    )
    sees_values = serializers.BooleanField(
        help_text="Whether the body sees the protected values of the reports."
    )
    taken_back_at = serializers.DateTimeField(allow_null=True)
    taken_back_reason = serializers.CharField(allow_blank=True)
    reports = ReportSerializer(
        many=True,
        help_text="All revisions, newest first; none for the body once it was taken back.",
    )


@listed("assignments", AssignmentSerializer)
class AssignmentsView(ListView):
    """The sites and periods that a certification body checks: its own, or those at the sites of a
    regulator's jurisdiction.
    """

    scope: ClassVar[str] = Scope.ASSIGNMENTS
    filters = (SITE_FILTER, PERIOD_FILTER, STATE_FILTER)

    def get(self, request: Request) -> Response:
        site, period, state = (self.asked(request, name) for name in ("site", "period", "state"))
        who, today = self.who(request), scheme_day()
        engagements = {
            view.id: view
            for view in (*engagements_of(who, today), *engagements_regulated(who, today))
        }
        chosen = [
            view
            for view in engagements.values()
            if site in ("", view.site)
            and period in ("", view.period)
            and state in ("", _state(view))
        ]
        rows = [
            {
                **{name: getattr(view, name) for name in COLUMNS},
                "reports": [report_row(submission) for submission in view.submissions],
            }
            for view in chosen
        ]
        return self.page(
            request, rows, lambda row: (row["period"], row["site"], row["body"], number(row["id"]))
        )


def _state(view: EngagementView) -> str:
    return "standing" if view.taken_back_at is None else "taken-back"
