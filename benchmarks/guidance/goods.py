"""Which goods of a route are under the carbon border of the European Union, and what went into them
that is under it too.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from benchmarks.declared import Declared, Words
from benchmarks.phrases import Phrase


class PrecursorCode(Declared):
    """A precursor by its code and letter of route."""

    cn_code: str
    route: str = ""
    words: Words


class RouteGood(Declared):
    """A good of a route of a pack: `routes` are the pack's ids, `route` the act's letter."""

    sector: str
    routes: tuple[str, ...]
    cn_code: str
    route: str = ""
    words: Words
    precursors: tuple[PrecursorCode, ...] = ()


NAMED = {
    "hot-rolled-flat": ("7208", ""),
    "grey-clinker": ("25231000", "A"),
    "primary-aluminium": ("7601", "K"),
}
"""Goods by a name that a command takes: their code, and their route where the name settles it."""

_NAMES = {
    "hot-rolled-flat": Phrase("hot-rolled flat steel"),
    "grey-clinker": Phrase("grey clinker"),
    "primary-aluminium": Phrase("unwrought primary aluminium"),
}


def called(good: str) -> Phrase:
    """What a command takes, in words: one of `NAMED`, or a code of the combined nomenclature."""
    return _NAMES[good] if good in _NAMES else Phrase("goods of code %(code)s", code=good)


def goods_of(sector: str, route: str) -> tuple[RouteGood, ...]:
    """In the order of the file; none where no good of the route is held."""
    return tuple(goods for goods in offered() if goods.sector == sector and route in goods.routes)


@cache
def offered() -> tuple[RouteGood, ...]:
    """Every good that is offered."""
    read = tomllib.loads(
        files("benchmarks.guidance").joinpath("goods.toml").read_text(encoding="utf-8")
    )
    return TypeAdapter(tuple[RouteGood, ...]).validate_python(read["good"])
