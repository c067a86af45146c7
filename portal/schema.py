"""What all API documents share: the problem document, and fields that take exactly what they say."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers


class SchemaView(SpectacularAPIView):
    """The OpenAPI document: YAML, or JSON by `?format=json`."""

    throttle_scope: ClassVar[str] = "public"


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457, as `application/problem+json`."""

    type = serializers.CharField(help_text="urn:steplabel:problem:<code>")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, for a person.")
    code = serializers.CharField(help_text="Stable; programs hold on to it.")
    remedy = serializers.CharField(help_text="What to do about it.")


class StrictText(serializers.CharField):
    """Text and nothing else: the framework's own field turns numbers into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if "\x00" in data:
            self.fail("invalid")
        value: str = super().to_internal_value(data)
        return value


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(str(name) for name in set(data) - set(self.fields))):
            raise serializers.ValidationError({name: ["This field is not known."] for name in unknown})
        return super().to_internal_value(data)
