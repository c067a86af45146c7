"""The digest that names a pack's content: one changed number that decides a label, conversion
factor or correction makes it another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from benchmarks.declared import content_digest
from benchmarks.packs.corrections import RULES
from benchmarks.routes import Pack

_DECIDES_NOTHING = frozenset(
    {"editions", "numbers", "typical_source", "spread_source", "measured_source"}
)
"""What says where numbers are from, or what is not held: no part of a digest, so that a second
reading of a figure changes none.
"""


def digest(pack: Pack) -> bytes:
    """SHA-256 of all that decides a label by this pack: its content, its conversion factors and the
    corrections that it names.
    """
    named = sorted(
        {limit.correction for step in pack.steps for limit in step.limits if limit.correction}
    )
    return content_digest(
        _content(_Itself(pack))
        | {
            "conversion": FactorTable.of(pack.conversion).digest.hex(),
            "corrections": {name: RULES[name].model_dump(exclude={"steps"}) for name in named},
            "carriers": {
                name: [CARRIERS[name].form, CARRIERS[name].unit] for name in sorted(_carriers(pack))
            },
        }
    )


class _Itself:
    """A pack by its identity: comparing two by their content takes as long as the digest."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.pack is self.pack

    def __hash__(self) -> int:
        return id(self.pack)


@lru_cache(maxsize=32)
def _content(itself: _Itself) -> dict[str, Any]:
    """What a digest covers of the pack's own content, which does not change: most of what a digest
    costs. Nobody adds to it.
    """
    content: dict[str, Any] = _deciding(itself.pack.model_dump())
    return content


def _carriers(pack: Pack) -> set[str]:
    boundaries = [step.boundary for step in pack.steps]
    return {
        name
        for boundary in boundaries
        for name in (*boundary.carriers, *boundary.counted, *boundary.credited, *boundary.media)
    }


def _deciding(value: Any) -> Any:
    """The content without what decides no label."""
    if isinstance(value, list | tuple):
        return [_deciding(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if {"text", "kind", "verified"} <= value.keys():
        return {
            key: value[key] for key in ("text", "kind", "verified")
        }  # of a source: how it was read is in no digest
    return {key: _deciding(inner) for key, inner in value.items() if key not in _DECIDES_NOTHING}
