"""What the API's views share: the problem document, and requests that are taken for exactly what they say."""

from __future__ import annotations

import hashlib
import re
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer, OpenApiYamlRenderer2
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.phrases import Phrase
from portal.openness import OPEN
from portal.problems import MEDIA_TYPE, RefusedError
from portal.sentences import in_words


class Generator(SchemaGenerator):
    """The document is the same for everybody: a process makes it once, which takes seconds."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        return deepcopy(_made())


@cache
def _made() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # the library has no types
    return schema


class Yaml(OpenApiYamlRenderer):
    """The document is written as YAML once a process: that takes half a second, and anybody may ask."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data == _made():
            return _written()
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)  # type: ignore[no-untyped-call] # as above
        return rendered


class YamlByItsOtherName(Yaml):
    media_type = OpenApiYamlRenderer2.media_type


@cache
def _written() -> bytes:
    written: bytes = OpenApiYamlRenderer().render(_made())  # type: ignore[no-untyped-call] # as above
    return written


class SchemaView(SpectacularAPIView):
    """The OpenAPI document: YAML, or JSON by `?format=json`."""

    scope: ClassVar[str] = OPEN
    throttle_scope: ClassVar[str] = "public"
    authentication_classes = ()
    renderer_classes = [Yaml, YamlByItsOtherName, OpenApiJsonRenderer, OpenApiJsonRenderer2]  # noqa: RUF012 - as in the library
    generator_class = Generator


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the library has no types
    """How the schema says that an address asks for a key."""

    target_class = "portal.accounts.key_authentication.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key, made on the page API keys: docs/api.md."}


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457, as `application/problem+json`."""

    type = serializers.CharField(help_text="urn:steplabel:problem:{code}")
    title = serializers.CharField(help_text="The code in words; the same in every language.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, for a person, in the language of Content-Language.")
    code = serializers.CharField(help_text="Stable; programs hold on to it.")
    remedy = serializers.CharField(help_text="What to do about it, in the same language.")


def problems_in_their_own_media_type(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every refusal of the document stands as `application/problem+json` and nothing else, as it is sent (`portal.problems`)."""
    problem = "#/components/schemas/Problem"
    for operations in result["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                bodies = answer.get("content", {}).values()
                if bodies and all(body["schema"].get("$ref") == problem for body in bodies):
                    answer["content"] = {MEDIA_TYPE: next(iter(bodies))}
    return result


def answers_of_every_address(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every address refuses a query that it does not know (400) and too many requests (429), but for the schema's own."""
    refused = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}, "description": ""}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            if not path.endswith("/schema/"):
                operation["responses"] = dict(sorted({"400": refused, "429": refused, **operation["responses"]}.items()))
    return result


def answers_that_have_not_changed(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every GET that answers 200 has an entity tag, and answers 304 to whoever holds that tag already (RFC 9110, 13.1.2)."""
    for operations in result["paths"].values():
        answers = operations.get("get", {}).get("responses", {})
        if "200" in answers:
            tag = {"description": "Strong: the same tag, the same bytes.", "schema": {"type": "string"}}
            answers["200"].setdefault("headers", {})["ETag"] = tag
            answers["304"] = {"description": "Not changed since the answer whose tag If-None-Match names."}
    return result


TAGS = {
    "archive": "Every published version as one file.",
    "assignments": "Which certification body checks what.",
    "benchmarks": "Published versions: public, signed, permanent.",
    "commitments": "What an agent binds itself to before it draws.",
    "conformance": "Results of the kit for sources.",
    "deliveries": "What energy suppliers declare.",
    "directory": "The portal's keys.",
    "dossiers": "What sites show for programmes of leaders and grades, and what is offered for it.",
    "drafts": "Versions that are being prepared.",
    "enrolments": "How an agent is registered.",
    "granted": "What sites let providers and suppliers see.",
    "groups": "Groups of sites.",
    "key": "What a key is good for.",
    "log": "The transparency log: heads, entries, proofs, cosignatures.",
    "notifications": "What a person was told.",
    "obligatory-audits": "When sites owe their next audit.",
    "packs": "Method packs that were approved here.",
    "participation": "Who reported, and who is obliged to.",
    "periods": "Periods of peer groups.",
    "places": "Between which ranks sites lie.",
    "practices": "The library of practices, signed.",
    "reports": "Reports of own sites.",
    "rotations": "How an agent's key changes.",
    "samples": "Samples that auditors drew, and the evidence for them.",
    "schema": "This document.",
    "sites": "Sites with their agents.",
    "standings": "Where an own site stands.",
    "submissions": "Sealed reports, as agents hand them in.",
}
"""What each group of addresses is for."""

RATE_HEADERS = {
    "RateLimit-Limit": "How many requests the asker has in a window of this address.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds after which the window has ended for certain.",
}


def as_readers_and_tools_want_it(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """A server, a contact, groups that are described, a title and an example for each operation, and the headers of rates."""
    result["info"]["contact"] = {"name": "Whoever runs the portal that serves this document: see its foot"}
    result["servers"] = [{"url": "/", "description": "The portal that serves this document."}]
    result["tags"] = [{"name": name, "description": meaning} for name, meaning in TAGS.items()]
    headers = {name: {"description": meaning, "schema": {"type": "integer"}} for name, meaning in RATE_HEADERS.items()}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            description = operation.get("description", "")
            operation["summary"] = re.split(r"(?<=[.])\s|:\s|;\s", description, maxsplit=1)[0].rstrip(".") or operation["operationId"]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in EXAMPLES:
                    parameter["example"] = EXAMPLES[parameter["name"]]
            for status, answer in operation["responses"].items():
                if status.startswith("2") and not path.endswith("/schema/"):
                    answer["headers"] = {**answer.get("headers", {}), **headers}
    return result


EXAMPLES = {"pack": "cement", "place": "cn", "route": "dry-process", "period": "2025", "version": "1", "sample": 1, "digest": "0f" * 32}
"""What stands for the parts of an address in examples."""


class StrictView(APIView):
    """Refuses a query it does not know: `?rout=` must not be answered as if nothing had been asked for.

    Every view says by `scope` whose it is: OPEN, ANY_KEY, or what a key must be good for. One that says nothing lets nobody in.
    """

    scope: ClassVar[str] = ""
    scope_to_write: ClassVar[str] = ""
    """What a key must be good for where something is handed in."""

    for_devices: ClassVar[bool] = False
    """Whoever asks is known by a device's signature or by a digest that nobody guesses: `portal.wall` is open to it."""

    query: ClassVar[frozenset[str]] = frozenset()
    """Names of the parameters that the view reads."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """What is open asks nobody who they are: a key that has expired must not shut out its holder of what is public."""
        return [] if self.scope == OPEN else super().get_authenticators()

    def dispatch(self, request: HttpRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        """With a strong entity tag on what was asked for and found; 304 to whoever holds it already."""
        response = super().dispatch(request, *args, **parts)
        for name, value in zip(RATE_HEADERS, getattr(request, "rate", ()), strict=False):
            response[name] = str(value)
        if self.scope != OPEN:
            response["Cache-Control"] = "private, no-cache"
            patch_vary_headers(response, ("Authorization",))
        if request.method != "GET" or response.status_code != 200 or not isinstance(response, HttpResponse):
            return response
        if isinstance(response, Response):
            response.render()
        status = response.headers.get("Steplabel-Status", "").encode()  # a version may be withdrawn, its bytes stay
        etag = f'"{hashlib.sha256(response.content + status).hexdigest()[:32]}"'
        response["ETag"] = etag
        answer: HttpResponseBase = get_conditional_response(request, etag=etag, response=response) or response
        return answer

    def initial(self, request: Request, *args: Any, **parts: Any) -> None:
        if not hasattr(self, (request.method or "").lower()):  # said before anything is asked of whoever asks
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **parts)
        if unknown := sorted(set(request.query_params) - self.query):
            raise RefusedError(
                400,
                "query-unknown",
                Phrase("There is no query parameter %(name)s here.", name=repr(unknown[0])),
                Phrase("Ask with %(names)s only.", names=", ".join(sorted(self.query))) if self.query else "Ask without any.",
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
        if isinstance(data, dict) and (unknown := sorted(str(name) for name in set(data) - set(self.fields))):
            raise serializers.ValidationError({name: [in_words(Phrase("This field is not known."))] for name in unknown})
        return super().to_internal_value(data)
