"""What is composed at the portal and kept: a result as JSON, and the same result back.

Rows of the portal's database, and nothing else, are read this way; what comes from outside is read
by `benchmarks.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import TypeAdapter


class StoredAsJson:
    """Base of the frozen dataclasses that are kept as JSON: equal before and after, fractions and
    texts to the last sign.
    """

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        dumped: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json", by_alias=True)
        return dumped

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises pydantic's ValidationError where a row is not what this release wrote."""
        read: Self = _adapter(cls).validate_python(data)
        return read


_ADAPTERS: dict[type[StoredAsJson], TypeAdapter[Any]] = {}


def _adapter(kind: type[StoredAsJson]) -> TypeAdapter[Any]:
    """Made once a type: making one takes some milliseconds, a page needs several."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
