"""`GET /api/v1/periods/` and `GET /api/v1/participation/` for regulators; and how a submission
stands in every list that has one.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.catalogue.selectors import groups_of
from portal.intake.models import SubmissionState
from portal.intake.participation import (
    ParticipantFilter,
    ReportingState,
    fitting,
    participants,
    participation,
)
from portal.intake.selectors import SubmissionView
from portal.listing import PERIOD_FILTER, Filter, ListView, Row, listed, number, row_of


class ReportSerializer(serializers.Serializer[Any]):
    """A submission from outside, as its page shows it. `receipt` is canonical CBOR in base64,
    signed.
    """

    submission = serializers.CharField(help_text="SHA-256 of the envelope, hex.")
    site = serializers.CharField()
    pack = serializers.CharField()
    period = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(SubmissionState.values)
    reason_code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    device = serializers.CharField()
    log_index = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    receipt = serializers.CharField()


class PeriodSerializer(serializers.Serializer[Any]):
    group = serializers.IntegerField(help_text="The peer group, as `participation` asks for it.")
    pack = serializers.CharField()
    pack_version = serializers.CharField()
    route = serializers.CharField()
    scope = serializers.CharField(help_text="The jurisdiction that the group covers.")
    period = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    due = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class ParticipantSerializer(serializers.Serializer[Any]):
    """Who took part. No value, by design."""

    site = serializers.CharField()
    site_name = serializers.CharField()
    firm = serializers.CharField(help_text="The controlling firm.")
    organisation = serializers.CharField()
    jurisdiction = serializers.CharField()
    size_class = serializers.CharField()
    obliged = serializers.BooleanField()
    cohort = serializers.CharField(allow_blank=True)
    taking = serializers.ChoiceField([taking.value for taking in ReportingState])
    due = serializers.DateTimeField()
    committed_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


GROUP = Filter(
    "group",
    r"[1-9][0-9]{0,8}",
    Phrase("A peer group, by the number that `periods` gives."),
    needed=True,
)
NEEDED_PERIOD = Filter("period", PERIOD_FILTER.pattern, PERIOD_FILTER.description, needed=True)


@listed("periods", PeriodSerializer)
class PeriodsView(ListView):
    """The periods of every peer group that touches a regulator's jurisdiction."""

    scope: ClassVar[str] = Scope.PARTICIPATION
    filters = (PERIOD_FILTER,)

    def get(self, request: Request) -> Response:
        period = self.asked(request, "period")
        rows = [
            {
                "group": group.id,
                **{
                    name: getattr(group, name)
                    for name in ("pack", "pack_version", "route", "scope")
                },
                "period": period_view.name,
                **{
                    name: getattr(period_view, name)
                    for name in ("start", "end", "due", "closed_at")
                },
            }
            for group in groups_of(self.who(request))
            for period_view in group.periods
            if period in ("", period_view.name)
        ]
        return self.page(request, rows, lambda row: (number(row["group"]), row["period"]))


@listed("participation", ParticipantSerializer, always_exists=False)
class ParticipationListView(ListView):
    """Who of a regulator's own sites reported for one period of a peer group, obliged or not."""

    scope: ClassVar[str] = Scope.PARTICIPATION
    filters = (
        GROUP,
        NEEDED_PERIOD,
        Filter(
            "taking",
            "|".join(taking.value for taking in ReportingState),
            Phrase("Where the site stands with its report."),
        ),
        Filter("obliged", "true|false", Phrase("Whether the site is on the list of the obliged.")),
    )

    def get(self, request: Request) -> Response:
        view = participation(
            self.who(request),
            int(self.asked(request, "group")),
            self.asked(request, "period"),
            timezone.now(),
        )
        if view is None:
            raise Http404
        taking, obliged = self.asked(request, "taking"), self.asked(request, "obliged")
        wanted = ParticipantFilter(taking, obliged == "true" if obliged else None)
        rows = [
            row_of(participant, ParticipantSerializer)
            for participant in participants(view, fitting(view, wanted))
        ]
        return self.page(request, rows, lambda row: (row["site"],))


def report_row(view: SubmissionView) -> Row:
    """A submission as the API shows it to whoever may see it."""
    names = (
        "site",
        "pack",
        "period",
        "revision",
        "state",
        "reason_code",
        "reason",
        "device",
        "log_index",
        "received_at",
        "decided_at",
    )
    receipt = base64.b64encode(view.receipt).decode("ascii")
    return {
        "submission": view.digest,
        **{name: getattr(view, name) for name in names},
        "receipt": receipt,
    }
