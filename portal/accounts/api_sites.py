"""`GET /api/v1/key/` and `GET /api/v1/sites/`: what a key is, and the sites it sees with their
agents.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.accounts.selectors import SiteView, regulated_site_views, sites_of
from portal.api_views import StrictView
from portal.listing import REFUSED, Filter, ListView, Row, listed
from portal.names import in_chinese
from portal.openness import ANY_KEY


class KeySerializer(serializers.Serializer[Any]):
    """The key that asks. Its secret is nowhere."""

    prefix = serializers.CharField()
    name = serializers.CharField()
    organisation = serializers.CharField()
    role = serializers.CharField()
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="What it is good for today."
    )
    expires_at = serializers.DateTimeField()


class DeviceSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    key_fingerprint = serializers.CharField(help_text="The first 16 digits of its public key.")
    software = serializers.CharField(allow_blank=True)
    enrolled_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    replaced = serializers.BooleanField(
        help_text="Revoked by its own rotation: another key goes on."
    )


class SiteSerializer(serializers.Serializer[Any]):
    site = serializers.CharField()
    name = serializers.CharField()
    name_zh = serializers.CharField(
        allow_blank=True, help_text="As `names` has it; empty where it has none."
    )
    names = serializers.DictField(
        child=serializers.CharField(), help_text="The name by language code, English first."
    )
    organisation = serializers.CharField()
    pack = serializers.CharField()
    jurisdiction = serializers.CharField()
    size_class = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)
    devices = DeviceSerializer(many=True)


class SiteKeyView(StrictView):
    scope: ClassVar[str] = ANY_KEY
    throttle_scope: ClassVar[str] = "keys"

    @extend_schema(operation_id="key", responses={200: KeySerializer, **REFUSED})
    def get(self, request: Request) -> Response:
        """What the key that asks is good for."""
        holder: Any = request.auth
        fields = {name: getattr(holder, name) for name in ("prefix", "name", "role", "expires_at")}
        return Response(
            {**fields, "organisation": holder.organisation_name, "scopes": sorted(holder.scopes)}
        )


@listed("sites", SiteSerializer)
class SitesView(ListView):
    """The organisation's own sites, or those of a regulator's jurisdiction, by their ids."""

    scope: ClassVar[str] = Scope.SITES
    filters = (Filter("pack", r"[a-z0-9-]{1,40}", Phrase("The id of a method pack.")),)

    def get(self, request: Request) -> Response:
        now = timezone.now()
        views = (*sites_of(self.who(request), now), *regulated_site_views(self.who(request), now))
        pack = self.asked(request, "pack")
        rows = [_row(view) for view in views if pack in ("", view.pack)]
        return self.page(request, rows, lambda row: (row["site"],))


def _row(view: SiteView) -> Row:
    row = {
        name: getattr(view, name)
        for name in ("name", "organisation", "pack", "jurisdiction", "size_class", "retired_at")
    }
    row |= {"name_zh": in_chinese(view.name), "names": view.name.by_language}
    fields = ("key_fingerprint", "software", "enrolled_at", "revoked_at", "replaced")
    devices = [
        {"id": str(device.id), **{name: getattr(device, name) for name in fields}}
        for device in view.devices
    ]
    return {"site": view.slug, **row, "devices": devices}
