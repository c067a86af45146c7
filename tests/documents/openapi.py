"""The description of the API, as the portal serves it at `/api/v1/schema/`."""

from __future__ import annotations

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema


def page() -> str:
    """The document as served. A warning of the generator is an error: it means that something is
    described by a guess.

    Raises:
        ValueError: naming what the generator could not tell.
    """
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # the library has no types
        if GENERATOR_STATS:
            warnings = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
            raise ValueError("\n".join(map(str, warnings)))
    validate_schema(schema)  # type: ignore[no-untyped-call]
    rendered: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    return rendered.decode("utf-8")
