"""What every view of the API does: refuses a parameter that it does not know, and answers with
entity tags, rates and problems.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.phrases import Phrase, enumerated
from portal.openness import OPEN
from portal.problems import RefusedError
from portal.sentences import in_words

RATE_HEADERS = {
    "RateLimit-Limit": "How many requests the asker has in a window of this address.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds after which the window has ended for certain.",
}


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457, as `application/problem+json`."""

    type = serializers.CharField(help_text="urn:steplabel:problem:{code}")
    title = serializers.CharField(help_text="The code in words; the same in every language.")
    status = serializers.IntegerField()
    detail = serializers.CharField(
        help_text="What happened, for a person, in the language of Content-Language."
    )
    code = serializers.CharField(help_text="Stable; programs hold on to it.")
    remedy = serializers.CharField(help_text="What to do about it, in the same language.")


class StrictView(APIView):
    """Refuses a query it does not know: `?rout=` must not be answered as if nothing had been asked
    for.

    Every view says by `scope` whose it is: OPEN, ANY_KEY, or what a key must be good for. One that
    says nothing lets nobody in.
    """

    scope: ClassVar[str] = ""
    scope_to_write: ClassVar[str] = ""
    """What a key must be good for where something is handed in."""

    for_devices: ClassVar[bool] = False
    """Whoever asks is known by a device's signature or by a digest that nobody guesses:
    `portal.wall` is open to it.
    """

    query: ClassVar[frozenset[str]] = frozenset()
    """Names of the parameters that the view reads."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """What is open asks nobody who they are: a key that has expired must not shut out its
        holder of what is public.
        """
        return [] if self.scope == OPEN else super().get_authenticators()

    def dispatch(self, request: HttpRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        """With a strong entity tag on what was asked for and found; 304 to whoever holds it
        already.
        """
        response = super().dispatch(request, *args, **parts)
        for name, value in zip(RATE_HEADERS, getattr(request, "rate", ()), strict=False):
            response[name] = str(value)
        if self.scope != OPEN:
            response["Cache-Control"] = "private, no-cache"
            patch_vary_headers(response, ("Authorization",))
        if (
            request.method != "GET"
            or response.status_code != 200
            or not isinstance(response, HttpResponse)
        ):
            return response
        if isinstance(response, Response):
            response.render()
        status = response.headers.get(
            "Steplabel-Status", ""
        ).encode()  # a version may be withdrawn, its bytes stay
        etag = f'"{hashlib.sha256(response.content + status).hexdigest()[:32]}"'
        response["ETag"] = etag
        answer: HttpResponseBase = (
            get_conditional_response(request, etag=etag, response=response) or response
        )
        return answer

    def initial(self, request: Request, *args: Any, **parts: Any) -> None:
        if not hasattr(
            self, (request.method or "").lower()
        ):  # said before anything is asked of whoever asks
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **parts)
        if unknown := sorted(set(request.query_params) - self.query):
            raise RefusedError(
                400,
                "query-unknown",
                Phrase("There is no query parameter %(name)s here.", name=repr(unknown[0])),
                Phrase("Ask with %(names)s only.", names=enumerated(sorted(self.query)))
                if self.query
                else "Ask without any.",
            )


class PublicView(StrictView):
    """Answers anybody."""

    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "public"


class StrictText(serializers.CharField):
    """Text and nothing else: the framework's own field turns numbers into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if "\x00" in data:
            self.fail("invalid")
        value: str = super().to_internal_value(data)
        return value


class StrictInteger(serializers.IntegerField):
    """A whole number and nothing else: the framework's own field takes texts."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, (str, bool)):
            self.fail("invalid")
        value: int = super().to_internal_value(data)
        return value


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (
            unknown := sorted(str(name) for name in set(data) - set(self.fields))
        ):
            raise serializers.ValidationError(
                {name: [in_words(Phrase("This field is not known."))] for name in unknown}
            )
        return super().to_internal_value(data)
