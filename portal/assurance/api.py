"""`GET /api/v1/assignments/`: what a certification body was assigned, with the outside of every submission of it."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.scopes import Scope
from portal.assurance.engagements import engagements_of
from portal.days import scheme_day
from portal.intake.api_reports import ReportSerializer, report_row
from portal.listing import PERIOD_FILTER, SITE_FILTER, ListView, listed


class AssignmentSerializer(serializers.Serializer[Any]):
    body = serializers.CharField()
    site = serializers.CharField()
    period = serializers.CharField()
    assigned_at = serializers.DateTimeField()
    reports = ReportSerializer(many=True, help_text="All revisions, newest first.")


@listed("assignments", AssignmentSerializer)
class AssignmentsView(ListView):
    """The sites and periods that a certification body checks."""

    scope: ClassVar[str] = Scope.ASSIGNMENTS
    filters = (SITE_FILTER, PERIOD_FILTER)

    def get(self, request: Request) -> Response:
        site, period = self.asked(request, "site"), self.asked(request, "period")
        rows = [
            {
                **{name: getattr(view, name) for name in ("body", "site", "period", "assigned_at")},
                "reports": [report_row(one) for one in view.submissions],
            }
            for view in engagements_of(self.who(request), scheme_day())
            if site in ("", view.site) and period in ("", view.period)
        ]
        return self.page(request, rows, lambda row: (row["period"], row["site"], row["body"]))
