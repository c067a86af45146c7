"""The members that a published version may have: one that this list does not know holds a figure
that nothing composes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.audit.wording import STATED
from benchmarks.catalogue import languages
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase, in_number

Shape = Mapping[str, "Shape"]
"""Member to the members of what stands there, of an object or of each in a list. Empty: a value,
and no object.
"""

VALUE: Shape = {}


def _values(names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), VALUE)


WORDS: Shape = _values(" ".join(languages()))
GATE: Shape = {**_values("shown code"), "reason": WORDS}
TOTAL: Shape = {**_values("value interval unit rule firms"), "gate": GATE}
STEP: Shape = {
    **_values(
        "step product variant boundary metric unit ratio headline best interval typical "
        "typical_interval"
    ),
    **_values("curve_withheld potential_withheld rule firms in_part"),
    "curve": _values("percent value interval"),
    "potential": _values("to value interval"),
    "bands": {**_values("quarters untold"), "named": _values("quarter firm firm_zh")},
    "pooled": _values("years firms"),
    "gate": GATE,
}
DOCUMENT: Shape = {
    **_values(
        "schema pack pack_version pack_digest route product period version status published_on "
        "source"
    ),
    "jurisdiction": _values("path en zh"),
    "steps": STEP,
    "route_total": TOTAL,
    "best_reached_total": TOTAL,
    "typical_total": TOTAL,
    "explanation": dict.fromkeys(STATED, WORDS),
    "erratum": {
        **_values("firms at_fault"),
        "corrects": _values("version digest"),
        "moved": _values("step variant metric figure unit before after"),
    },
    "signature": _values("algorithm key_id value"),
}
"""Of `steplabel/benchmark/1`. Parts of the explanation that are not stated are made again whole
(`wording`) and stand on no list.
"""


def require_known(document: Mapping[str, Any]) -> None:
    """Refuse a document with a member that nobody knows.

    Raises:
        VerificationError: `benchmark-member-unknown`.
    """
    made_again = {name: part for name, part in document.items() if name != "explanation"}
    stated = {name: part for name, part in document["explanation"].items() if name in STATED}
    if unknown := [*_unknown({**made_again, "explanation": stated}, DOCUMENT)]:
        raise VerificationError(
            "benchmark-member-unknown",
            in_number(
                len(unknown),
                "The published document contains %(count)s member that no version has, so its "
                "source is not known: %(members)s.",
                "The published document contains %(count)s members that no version has, so their "
                "source is not known: %(members)s.",
                count=len(unknown),
                members=", ".join(unknown[:5]),
            ),
            Phrase(
                "Keep the file and the document: both are signed. If a later release published "
                "the document, check with that "
                "release. If not, ask the coordinator."
            ),
        )


def _unknown(value: object, shape: Shape, path: str = "") -> Iterator[str]:
    """Paths of the members that the shape does not have, such as `steps.0.gate.best_of_all`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else str(name)
            if name in shape:
                yield from _unknown(inner, shape[name], here)
            else:
                yield here
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unknown(inner, shape, f"{path}.{index}")
