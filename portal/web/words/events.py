"""What the record of acts says, in words: a person reads “report accepted”; who searches by its
code finds that in the file.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import pgettext_lazy

from benchmarks import packs
from portal.web.words.tables import words
from portal.web.words.terms import Names, enumerated, period_name

ACTS = words("acts")

NOUNS = words("nouns")
"""What the record puts before a name."""

ALONE = words("alone")
"""Who acts without an account."""

DETAILS = words("details")
"""What the record writes of an act, part by part; names, ids and what a person wrote fit none of
them, and stay.
"""

_PARTS = re.compile(r"(, | \(|\)|: )")
_BETWEEN = {
    ", ": pgettext_lazy("between parts of a record", ", "),
    ": ": pgettext_lazy("between parts of a record", ": "),
    " (": pgettext_lazy("between parts of a record", " ("),
    ")": pgettext_lazy("between parts of a record", ")"),
}
_PERIOD = re.compile(r"\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?", re.ASCII)
_DETAIL = [(re.compile(pattern), text) for pattern, text in DETAILS.items()]


def act_in_words(code: str) -> str:
    """What was done; its code where a newer portal wrote the line."""
    return str(ACTS.get(code, code))


def name_in_words(named: str) -> str:
    """`submission 3f…` as `report 3f…`; a name without a known noun as it stands.

    >>> name_in_words("submission 3f"), name_in_words("worker"), name_in_words("a@b.example")
    ('report 3f', 'the portal', 'a@b.example')
    """
    if named in ALONE:
        return str(ALONE[named])
    first, of, site = named.partition(" of site ")
    if of:
        return str(pgettext_lazy("of an act", "%(what)s of site %(site)s")) % {
            "what": name_in_words(first),
            "site": site,
        }
    noun = max((noun for noun in NOUNS if named.startswith(f"{noun} ")), key=len, default="")
    return f"{NOUNS[noun]}{named.removeprefix(noun)}" if noun else named


def detail_in_words(detail: str) -> str:
    """What the record adds to an act, in the reader's language as far as the portal wrote it.

    What a person wrote after a colon (a reason, a name) stays to its end, whatever it looks like.

    >>> detail_in_words("2016, finding 1: observation"), detail_in_words("2016, 9 labels, for Buyer")
    ('2016, finding 1: observation', '2016, labels: 9, for Buyer')
    """  # noqa: E501
    if whole := _translated(detail):
        return whole
    parts = _PARTS.split(detail)
    translated = [_translated(part) for part in parts]
    own = next(
        (
            index
            for index in range(2, len(parts), 2)
            if parts[index - 1] == ": " and not translated[index]
        ),
        len(parts),
    )
    if not any(translated[:own]):
        return detail  # what a person wrote keeps its own commas
    return "".join(
        text or _between(part) for text, part in zip(translated[:own], parts[:own], strict=True)
    ) + "".join(parts[own:])


def _between(part: str) -> str:
    return period_name(part) if _PERIOD.fullmatch(part) else str(_BETWEEN.get(part, part))


def _translated(part: str) -> str:
    written = (
        str(text) % _with_period_name(fits.groupdict())
        for pattern, text in _DETAIL
        if (fits := pattern.fullmatch(part))
    )
    return next(written, "") or _steps(part)


def _steps(part: str) -> str:
    """Steps by name where the part is their ids and nothing else, and a pack that comes with
    Steplabel knows them all.
    """
    ids = part.split(" ")
    names = [
        next((names.step_name(step) for names in _sectors() if names.step(step)), "")
        for step in ids
    ]
    return enumerated(names) if all(names) else ""


def _with_period_name(groups: dict[str, str]) -> dict[str, str]:
    period = groups.get("period", "")
    return groups | {"period": period_name(period)} if _PERIOD.fullmatch(period) else groups


@cache
def _sectors() -> tuple[Names, ...]:
    return tuple(Names.newest(pack) for pack in packs.shipped())
