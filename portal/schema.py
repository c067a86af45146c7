"""The OpenAPI document of the API: made from the views, served as YAML or JSON, with refusals,
entity tags, rates and examples.
"""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView

from portal import extras
from portal.api_views import RATE_HEADERS
from portal.openness import OPEN
from portal.problems import MEDIA_TYPE


class Generator(SchemaGenerator):
    """The document is the same for everybody: a process makes it once, which takes seconds."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        return deepcopy(_generated())


@cache
def _generated() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # the library has no types
    return schema


class Yaml(OpenApiYamlRenderer):
    """The document is written as YAML once a process: that takes half a second, and anybody may
    ask.
    """

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        if data == _generated():
            return _written()
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)  # type: ignore[no-untyped-call] # as above
        return rendered


class YamlByItsOtherName(Yaml):
    media_type = OpenApiYamlRenderer2.media_type


@cache
def _written() -> bytes:
    written: bytes = OpenApiYamlRenderer().render(_generated())  # type: ignore[no-untyped-call] # as above
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
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made on the page API keys: docs/api.md.",
        }


def problems_in_their_own_media_type(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every refusal of the document stands as `application/problem+json` and nothing else, as it is
    sent (`portal.problems`).
    """
    problem = "#/components/schemas/Problem"
    for operations in result["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                bodies = answer.get("content", {}).values()
                if bodies and all(body["schema"].get("$ref") == problem for body in bodies):
                    answer["content"] = {MEDIA_TYPE: next(iter(bodies))}
    return result


def answers_of_every_address(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every address refuses a query that it does not know (400) and too many requests (429), but
    for the schema's own.
    """
    refused = {
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "description": "",
    }
    for path, operations in result["paths"].items():
        for operation in operations.values():
            if not path.endswith("/schema/"):
                operation["responses"] = dict(
                    sorted({"400": refused, "429": refused, **operation["responses"]}.items())
                )
    return result


def answers_that_have_not_changed(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """Every GET that answers 200 has an entity tag, and answers 304 to whoever holds that tag
    already (RFC 9110, 13.1.2).
    """
    for operations in result["paths"].values():
        answers = operations.get("get", {}).get("responses", {})
        if "200" in answers:
            tag = {
                "description": "Strong: the same tag, the same bytes.",
                "schema": {"type": "string"},
            }
            answers["200"].setdefault("headers", {})["ETag"] = tag
            answers["304"] = {
                "description": "Not changed since the answer whose tag If-None-Match names."
            }
    return result


TAGS = {
    "assignments": "Which certification body checks what.",
    "benchmarks": "Published versions: public, signed, permanent.",
    "commitments": "What an agent binds itself to before it draws.",
    "directory": "The portal's keys.",
    "drafts": "Versions that are being prepared.",
    "enrolments": "How an agent is registered.",
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


def as_readers_and_tools_want_it(result: dict[str, Any], **_made_by: Any) -> dict[str, Any]:
    """A server, a contact, groups that are described, a title and an example for each operation,
    and the headers of rates.
    """
    result["info"]["contact"] = {
        "name": "Whoever runs the portal that serves this document: see its foot"
    }
    result["servers"] = [{"url": "/", "description": "The portal that serves this document."}]
    tags = sorted({**TAGS, **extras.api_tags()}.items())
    result["tags"] = [{"name": name, "description": meaning} for name, meaning in tags]
    headers = {
        name: {"description": meaning, "schema": {"type": "integer"}}
        for name, meaning in RATE_HEADERS.items()
    }
    for path, operations in result["paths"].items():
        for operation in operations.values():
            description = operation.get("description", "")
            operation["summary"] = (
                re.split(r"(?<=[.])\s|:\s|;\s", description, maxsplit=1)[0].rstrip(".")
                or operation["operationId"]
            )
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in EXAMPLES:
                    parameter["example"] = EXAMPLES[parameter["name"]]
            for status, answer in operation["responses"].items():
                if status.startswith("2") and not path.endswith("/schema/"):
                    answer["headers"] = {**answer.get("headers", {}), **headers}
    return result


EXAMPLES = {
    "pack": "cement",
    "place": "cn",
    "route": "dry-process",
    "period": "2025",
    "version": "1",
    "sample": 1,
    "digest": "0f" * 32,
}
"""What stands for the parts of an address in examples."""
