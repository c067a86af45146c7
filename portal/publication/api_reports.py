"""`GET /api/v1/reports/` for whoever reports: every submission, and the public versions that it
entered.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.intake.api_reports import ReportSerializer, report_row
from portal.intake.models import SubmissionState
from portal.intake.selectors import submissions_of
from portal.listing import PERIOD_FILTER, SITE_FILTER, Filter, ListView, Row, listed, number
from portal.publication.citation import api_url
from portal.publication.history import EnteredVersion, entered


class EnteredVersionSerializer(serializers.Serializer[Any]):
    """A version that the report entered. It is in the list once the public has seen it."""

    version = serializers.IntegerField()
    url = serializers.CharField(help_text="Of the version, for everybody and for good.")
    published_on = serializers.DateField()
    withdrawn_on = serializers.DateField(allow_null=True)


class OwnReportSerializer(ReportSerializer):
    """A submission of an own site, to its last step."""

    entered = EnteredVersionSerializer(many=True, help_text="Public versions, oldest first.")


@listed("reports", OwnReportSerializer)
class ReportsView(ListView):
    """The submissions of the organisation's own sites with states, receipts and the versions they
    entered, as they came.
    """

    scope: ClassVar[str] = Scope.SUBMISSIONS
    filters = (
        SITE_FILTER,
        PERIOD_FILTER,
        Filter("state", "|".join(SubmissionState.values), Phrase("The state of a submission.")),
    )

    def get(self, request: Request) -> Response:
        wanted = {
            name: value
            for name in ("site", "period", "state")
            if (value := self.asked(request, name))
        }
        views = [
            view
            for view in submissions_of(self.who(request))
            if all(getattr(view, name) == value for name, value in wanted.items())
        ]
        versions = entered(views)
        rows = [
            {
                **report_row(view),
                "entered": [_shown(version) for version in versions.get(view.digest, ())],
            }
            for view in views
        ]
        return self.page(request, rows, lambda row: (number(row["log_index"]),))


def _shown(version: EnteredVersion) -> Row:
    return {
        "version": version.version,
        "url": api_url(version),
        "published_on": version.published_on,
        "withdrawn_on": version.withdrawn_on,
    }
