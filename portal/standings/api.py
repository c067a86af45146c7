"""Where a site stands, over the API: `/api/v1/standings/` for whoever reports, `/api/v1/places/`
(ranks, no values) for regulators.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.accounts.selectors import own_sites
from portal.listing import PERIOD, SITE, Filter, ListView, listed, number, row_of
from portal.standings.ranked import ranked
from portal.standings.selectors import where_we_stand


class StandingSerializer(serializers.Serializer[Any]):
    """One cell of a site's own protected label, and where it lies among all."""

    step = serializers.CharField(
        help_text="whole-route: the site's own sum of ratio x step best, where it reported every "
        "step."
    )
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    metric = serializers.CharField()
    unit = serializers.CharField()
    value = serializers.FloatField(help_text="The protected best, as the site released it.")
    typical = serializers.FloatField(
        allow_null=True, help_text="The protected typical value; null over the whole route."
    )
    estimate = serializers.FloatField(
        allow_null=True, help_text="Where the true value lies; null until standings are computed."
    )
    interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="95 %, of the true value."
    )
    rank_interval = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="Places; 1 is the least energy.",
    )
    band = serializers.IntegerField(
        allow_null=True, help_text="Quarter, 1 the least energy; null where it cannot be told."
    )
    of = serializers.IntegerField(allow_null=True)
    score = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="95 % interval of the percentile among all firms of the kind; 100 is the least "
        "energy. Null among few sites.",
    )
    years = serializers.IntegerField()


class PlaceSerializer(serializers.Serializer[Any]):
    """Between which ranks a site lies. Never a value, never one rank."""

    site = serializers.CharField()
    firm = serializers.CharField()
    step = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    metric = serializers.CharField()
    rank_low = serializers.IntegerField()
    rank_high = serializers.IntegerField()
    of = serializers.IntegerField()
    band = serializers.IntegerField(allow_null=True)
    computed_at = serializers.DateTimeField()


NEEDED_PERIOD = Filter("period", PERIOD, Phrase("As `--period` spells it."), needed=True)


@listed("standings", StandingSerializer, always_exists=False)
class StandingsView(ListView):
    """Where one of the organisation's own sites stands in one period, cell by cell. A regulator's
    key reads no values here.
    """

    scope: ClassVar[str] = Scope.STANDINGS
    filters = (Filter("site", SITE, Phrase("The id of an own site."), needed=True), NEEDED_PERIOD)

    def get(self, request: Request) -> Response:
        site = self.asked(request, "site")
        view = None
        if own_sites(self.who(request)).filter(slug=site).exists():
            view = where_we_stand(self.who(request), site, self.asked(request, "period"))
        if view is None:
            raise Http404
        rows = [
            row_of(standing, StandingSerializer)
            for standing in (*view.steps, *((view.route,) if view.route else ()))
        ]
        return self.page(
            request, rows, lambda row: (row["step"], row["product"], row["variant"], row["metric"])
        )


@listed("places", PlaceSerializer)
class PlacesView(ListView):
    """Between which ranks each site of a regulator's jurisdiction lies, in one period of a peer
    group.
    """

    scope: ClassVar[str] = Scope.STANDINGS
    filters = (
        Filter(
            "group",
            r"[1-9][0-9]{0,8}",
            Phrase("A peer group, by the number that `periods` gives."),
            needed=True,
        ),
        NEEDED_PERIOD,
    )

    def get(self, request: Request) -> Response:
        views = ranked(
            self.who(request), int(self.asked(request, "group")), self.asked(request, "period")
        )
        rows = [row_of(standing, PlaceSerializer) for standing in views]
        return self.page(
            request,
            rows,
            lambda row: (
                row["step"],
                row["variant"],
                row["metric"],
                number(row["rank_low"]),
                row["site"],
            ),
        )
