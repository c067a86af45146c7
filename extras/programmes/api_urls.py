"""`GET /api/v1/dossiers/` and one dossier: for the firm of a site and for who regulates where it
lies.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from extras.programmes.dossiers import CriterionState, CriterionVerdict, dossier, dossier_json
from extras.programmes.models import DossiersScope
from extras.programmes.offers import AmountUnit
from extras.programmes.programmes import programmes
from portal.accounts.models import Site
from portal.accounts.selectors import visible_sites
from portal.api_views import ProblemSerializer, StrictView
from portal.days import scheme_day
from portal.listing import REFUSED, SITE, Filter, ListView, listed
from portal.translog.api import HashField

SITE_ASKED = Filter(
    "site", SITE, Phrase("The id of the site whose dossiers are asked for."), needed=True
)


class WordsSerializer(serializers.Serializer[Any]):
    """The same in each language."""

    en = serializers.CharField()
    zh = serializers.CharField()


class DossierRowSerializer(serializers.Serializer[Any]):
    """How many criteria of a programme stand how."""

    site = serializers.CharField()
    programme = serializers.CharField()
    name = WordsSerializer()
    criteria = serializers.IntegerField()
    shown = serializers.IntegerField(help_text="By what is on record in this portal.")
    confirmed = serializers.IntegerField(
        help_text="Declared, and an officer who read the paper found it there."
    )
    declared = serializers.IntegerField(
        help_text="By the firm, with the SHA-256 of a paper that nobody here has read."
    )
    refuted = serializers.IntegerField(
        help_text="An officer or an auditor found that it is not so."
    )
    missing = serializers.IntegerField()
    incentives = serializers.IntegerField(
        help_text="Offers that stand today for criteria that are met."
    )


class EvidenceOfCriterionSerializer(serializers.Serializer[Any]):
    """What a criterion rests on; a field without a value is left out."""

    kind = serializers.ChoiceField(choices=["report", "attestation", "system", "paper"])
    digest = HashField(help_text="SHA-256 of the sealed report, the statement or the paper.")
    title = serializers.CharField(
        required=False, help_text="Of a report its period, else the name or number of the paper."
    )
    value = serializers.CharField(required=False, help_text="What the firm declares.")
    log_index = serializers.IntegerField(required=False)
    code = serializers.CharField(
        required=False, help_text="Of a statement: anybody opens it by this code."
    )
    by = serializers.CharField(required=False, help_text="Certification body or certifier.")
    by_zh = serializers.CharField(required=False)
    until = serializers.DateField(required=False, help_text="The last day.")
    at = serializers.DateTimeField(required=False)
    opinion = serializers.CharField(required=False, help_text="Of a statement.")
    finding = serializers.CharField(required=False, help_text="Of the officer who read the paper.")
    read_at = serializers.DateTimeField(required=False)


class OfferSerializer(serializers.Serializer[Any]):
    """An incentive that an authority ties to the criterion, by an act in force today."""

    id = serializers.IntegerField()
    what = WordsSerializer()
    amount = serializers.CharField(help_text="A decimal number.")
    unit = serializers.ChoiceField(choices=[unit.value for unit in AmountUnit])
    authority = WordsSerializer()
    source = WordsSerializer(help_text="The act.")  # type: ignore[assignment] # of the document, not of the field
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(
        allow_null=True, help_text="The last day; null where the act names none."
    )


class CriterionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    asks = WordsSerializer()
    added_by_this_portal = serializers.BooleanField(
        help_text="The programme itself does not ask for it."
    )
    state = serializers.CharField(help_text=", ".join(CriterionState))
    met = serializers.ChoiceField(choices=[met.value for met in CriterionVerdict])
    evidence = EvidenceOfCriterionSerializer(many=True)
    incentives = OfferSerializer(many=True)


class ProgrammeSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = WordsSerializer()
    source = WordsSerializer()  # type: ignore[assignment] # of the document, not of the field
    status = serializers.ChoiceField(
        choices=["read", "unverified"],
        help_text="`unverified`: the criteria were not read in the original.",
    )


class DossierSerializer(serializers.Serializer[Any]):
    """The dossier as its page gives it; no value of the plant."""

    schema = serializers.CharField(help_text="steplabel/dossier/1")
    site = serializers.CharField()
    day = serializers.DateField()
    programme = ProgrammeSerializer()
    criteria = CriterionSerializer(many=True)


@listed("dossiers", DossierRowSerializer, always_exists=False)
class DossiersView(ListView):
    """The dossiers of a site that is the organisation's own or that it regulates, a row for each
    programme.
    """

    scope: ClassVar[str] = DossiersScope.READ
    filters = (SITE_ASKED,)

    def get(self, request: Request) -> Response:
        site = _site(self.who(request), self.asked(request, "site"))
        rows = []
        for programme in programmes().values():
            file = dossier(site, programme, scheme_day())
            won = sum(
                len(entry.offers) for entry in file.entries if entry.met is CriterionVerdict.MET
            )
            counted = {str(state): count for state, count in file.counted.items()}
            named: dict[str, Any] = {
                "site": site.slug,
                "programme": programme.id,
                "name": programme.name.by_language,
            }
            rows.append({**named, "criteria": len(file.entries), **counted, "incentives": won})
        return self.page(request, rows, lambda row: (row["programme"],))


class DossierView(StrictView):
    """One dossier, as its page gives it."""

    scope: ClassVar[str] = DossiersScope.READ
    throttle_scope: ClassVar[str] = "keys"

    @extend_schema(
        operation_id="dossier",
        responses={
            200: DossierSerializer,
            400: ProblemSerializer,
            **REFUSED,
            404: ProblemSerializer,
        },
    )
    def get(self, request: Request, site: str, programme: str) -> Response:
        """Criteria, evidence, and what is offered for each, today."""
        asked = programmes().get(programme)
        if asked is None:
            raise Http404
        return Response(dossier_json(dossier(_site(request.user, site), asked, scheme_day())))


def _site(user: Any, slug: str) -> Site:
    """Not found where it is not the reader's to see."""
    site: Site | None = (
        visible_sites(user).select_related("organisation", "jurisdiction").filter(slug=slug).first()
    )
    if site is None:
        raise Http404
    return site


urlpatterns = [
    path("dossiers/", DossiersView.as_view(), name="dossiers"),
    path("dossiers/<slug:site>/<slug:programme>/", DossierView.as_view(), name="dossier"),
]
