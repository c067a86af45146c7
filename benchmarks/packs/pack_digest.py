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

FIRST = "1"
"""The first version of packs and of the table of factors. Its digests were formed without what came
later, and stay as they were.
"""

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
    content = _content(_Itself(pack))
    if pack.conversion != FIRST:
        named = sorted(
            {limit.correction for step in pack.steps for limit in step.limits if limit.correction}
        )
        content = content | {
            "conversion": FactorTable.of(pack.conversion).digest.hex(),
            "corrections": {name: RULES[name].model_dump(exclude={"steps"}) for name in named},
            "carriers": {
                name: [CARRIERS[name].form, CARRIERS[name].unit] for name in sorted(_carriers(pack))
            },
        }
    return content_digest(content)


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
    content: dict[str, Any] = _published(itself.pack.model_dump())
    return content


def _carriers(pack: Pack) -> set[str]:
    boundaries = [step.boundary for step in pack.steps]
    return {
        name
        for boundary in boundaries
        for name in (*boundary.carriers, *boundary.counted, *boundary.credited, *boundary.media)
    }


_LISTS = (
    *(
        "counted",
        "measured",
        "essential",
        "needs",
        "own_carriers",
        "recovered_by",
        "not_beside",
        "gives_no",
        "of_equipment",
    ),
    *(
        "heating_values",
        "bought",
        "unconverted",
        "delivered",
        "yields",
        "steps",
        "by_electricity",
        "feedstock",
        "also",
        "materials",
    ),
    *("feeds", "takes", "holds_heat", "shares"),
)


def _published(value: Any) -> Any:
    """The content that a digest covers. What version 1 could not say is left out where it says
    nothing, so that its digests stay.
    """
    if isinstance(value, list | tuple):
        return [_published(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if {"text", "kind", "verified"} <= value.keys():
        return {
            key: value[key] for key in ("text", "kind", "verified")
        }  # of a source: how it was read is in no digest
    unsaid = {
        "conversion": FIRST,
        "levels": "grades",
        "alone": False,
        "unmixed": False,
        **dict.fromkeys(
            (
                *(
                    "source",
                    "words",
                    "least",
                    "most",
                    "share_variable",
                    "lhv",
                    "kg_per_nm3",
                    "product_carrier",
                    "cap",
                    "bought_share",
                ),
                "own_power",
                "output_of",
            ),
            None,
        ),
        **dict.fromkeys(("usual", "test", "usual_source"), None),
        **dict.fromkeys(_LISTS, ()),
    }
    return {
        key: _published(inner)
        for key, inner in value.items()
        if key not in _DECIDES_NOTHING and not (key in unsaid and inner == unsaid[key])
    }
