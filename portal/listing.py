"""Lists of the API: filters that are declared and given once, pages by a cursor, and one
description of both for the schema.

A cursor is the sort key of the last row, which the reader has seen: it counts nobody else's rows,
and rows that come or go between two pages are neither doubled nor left out. Keys are texts; a
number among them is written with leading noughts.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from benchmarks.wire.schema import canonical_period
from portal.api_views import ProblemSerializer, StrictView
from portal.problems import RefusedError

Row = dict[str, Any]
Key = tuple[str, ...]
View = TypeVar("View", bound=type[StrictView])

PAGE_ROWS = 50
MOST_ROWS = 200
# a name of 200 characters has up to 800 bytes, and there is more in a key
CURSOR = r"[A-Za-z0-9_-]{1,1600}"
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_DAY = rf"{_MONTH}-(0[1-9]|[12]\d|3[01])"
PERIOD = rf"\d{{4}}(-Q[1-4])?|{_MONTH}|{_DAY}/{_DAY}"
SITE = r"[a-z0-9][a-z0-9-]{0,62}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of a list. `pattern` is the whole value, in the words that JSON Schema and Python
    share.
    """

    name: str
    pattern: str
    description: Phrase
    needed: bool = False

    @property
    def parameter(self) -> OpenApiParameter:
        shape = {"type": "string", "pattern": f"^({self.pattern})$"}
        return OpenApiParameter(
            self.name, shape, description=str(self.description), required=self.needed
        )


PAGING = (
    Filter("cursor", CURSOR, Phrase("As `next` of the page before gives it.")),
    Filter(
        "limit",
        r"[1-9]|[1-9][0-9]|1[0-9]{2}|200",
        Phrase("Rows a page, %(rows)s by default.", rows=PAGE_ROWS),
    ),
)
SITE_FILTER = Filter("site", SITE, Phrase("The id of one site."))
PERIOD_FILTER = Filter(
    "period", PERIOD, Phrase("As `--period` spells it, such as 2026, 2026-Q1 or 2026-05.")
)


class ListView(StrictView):
    """A list for whoever holds a key; `filters` are all that narrow it."""

    throttle_scope: ClassVar[str] = "keys"
    filters: ClassVar[tuple[Filter, ...]] = ()

    def initial(self, request: Request, *args: Any, **parts: Any) -> None:
        super().initial(request, *args, **parts)
        asked = request.query_params
        if request.method != "GET":
            return
        for field in (*self.filters, *PAGING):
            values = asked.getlist(field.name)
            if field.needed and not values:
                raise RefusedError(
                    400,
                    "query-missing",
                    Phrase("The query parameter %(name)s is missing.", name=repr(field.name)),
                    Phrase("Give it: %(told)s", told=field.description),
                )
            if len(values) > 1 or any(
                re.fullmatch(field.pattern, value, re.ASCII) is None for value in values
            ):
                raise RefusedError(
                    400,
                    "query-malformed",
                    Phrase("The query parameter %(name)s cannot be used.", name=repr(field.name)),
                    Phrase("Give it once: %(told)s", told=field.description),
                )

    def who(self, request: Request) -> Any:
        """Whoever asks, for selectors: a person of no row, who sees what the key's organisation
        sees.
        """
        return request.user

    def asked(self, request: Request, name: str) -> str:
        """The value of a filter; empty where it was not given. A period has the one name by which
        it is stored.

        Raises:
            InputError: a period that there is not.
        """
        value = str(request.query_params.get(name, ""))
        return canonical_period(value) if value and name == PERIOD_FILTER.name else value

    def page(self, request: Request, rows: Sequence[Row], key: Callable[[Row], Key]) -> Response:
        """The page that the cursor names, of rows in any order; `next` is its address, or null at
        the end.

        Raises:
            RefusedError: `query-malformed`.
        """
        size = int(self.asked(request, "limit") or PAGE_ROWS)
        after = _read(self.asked(request, "cursor"))
        ordered = sorted((key(row), index) for index, row in enumerate(rows))
        left = [pair for pair in ordered if after is None or pair[0] > after]
        more = None
        if len(left) > size:
            parameters = {
                name: value for name, value in request.query_params.items() if name != "cursor"
            }
            more = (
                f"{request.path}?{urlencode({**parameters, 'cursor': _written(left[size - 1][0])})}"
            )
        return Response({"results": [rows[index] for _key, index in left[:size]], "next": more})


def listed(
    operation: str, row: type[serializers.Serializer[Any]], *, always_exists: bool = True
) -> Callable[[View], View]:
    """What the schema says of a list. `always_exists`: whether what is asked for is always there;
    else 404 is an answer, too.
    """

    def describe(view: View) -> View:
        filters: tuple[Filter, ...] = getattr(view, "filters", ())
        view.query = frozenset(field.name for field in (*filters, *PAGING))
        page = inline_serializer(
            f"{row.__name__.removesuffix('Serializer')}Page",
            {
                "results": row(many=True),
                "next": serializers.CharField(
                    allow_null=True, help_text="Address of the next page."
                ),
            },
        )
        answers: Mapping[int, Any] = {
            200: page,
            **REFUSED,
            **({} if always_exists else {404: ProblemSerializer}),
        }
        parameters = [field.parameter for field in (*filters, *PAGING)]
        method = view.get  # type: ignore[attr-defined] # a list has one
        view.get = extend_schema(operation_id=operation, parameters=parameters, responses=answers)(  # type: ignore[attr-defined]
            method
        )
        return view

    return describe


def row_of(view: object, shape: type[serializers.Serializer[Any]]) -> Row:
    """The fields of a view that a serializer names; nothing else of it."""
    return {str(name): getattr(view, str(name)) for name in shape().fields}


REFUSED: Mapping[int, Any] = {401: ProblemSerializer, 403: ProblemSerializer}
"""What whoever asks with a key may be told besides an answer."""


def number(value: int) -> str:
    """A number inside a key, so that texts stand in the order of the numbers."""
    return f"{value:018d}"


def _written(key: Key) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode())
        .decode("ascii")
        .rstrip("=")
    )


def _read(cursor: str) -> Key | None:
    if not cursor:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise RefusedError(
            400,
            "query-malformed",
            "The cursor is none of ours.",
            "Follow `next` as it stands, or begin without a cursor.",
        )
    return tuple(parts)
