"""Whatever a plant can set stands in what `verify` shows that it declared, or on the short list of
keys that touch nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from reporting_agent.audit.openings import declared
from reporting_agent.audit.openings.declared import TOUCHES_NOTHING, declared_in
from reporting_agent.config import SiteSettings

SETTINGS = """
[site]
id = "works"
timezone = "Asia/Shanghai"
pack = "steel"
[inputs]
log = "log.csv"
[[meters]]
id = "gas"
step = "eaf"
carrier = "natural-gas"
reading = "rate"
unit = "m3/h"
range = [0, 5000]
temperature_c = 20
pressure_meter = "pressure"
lhv = 36.0
[[meters]]
id = "pressure"
role = "state"
reading = "rate"
unit = "kPa"
[[meters]]
id = "steam"
step = "eaf"
carrier = "steam"
reading = "rate"
unit = "t/h"
pressure_kpa = 1000
steam = { state = "saturated", feed_water_c = 20 }
computed_at = { temperature_c = 180, pressure_kpa = 1000 }
[[meters]]
id = "shared"
carrier = "electricity"
reading = "register"
unit = "kWh"
allocation = { by = "output", among = ["a", "b"] }
[[meters]]
id = "parts"
carrier = "electricity"
reading = "register"
unit = "kWh"
allocation = { by = "shares", shares = { a = 0.4, b = 0.6 } }
[[meters]]
id = "power"
carrier = "electricity"
reading = "register"
unit = "kWh"
allocation = { by = "power", power = { a = 40.0, b = 60.0 } }
[[meters]]
id = "sum"
role = "virtual"
carrier = "electricity"
unit = "kWh"
formula = { plus = ["shared"], minus = ["power"] }
[[equipment]]
id = "furnace"
rated_power_kw = 500
[mapping.energy.carriers.electricity]
column = "power"
unit = "MJ"
lhv = 1.0
[[lhv]]
carrier = "natural-gas"
from = 2025-01-01
value = 36.0
[steps.eaf]
[[joint]]
step = "eaf"
ratios = { plate = 1.0, strip = 1.2 }
[[events]]
step = "eaf"
from = 2025-01-01
kind = "process"
reason = "Another furnace."
[runs]
[own_steps.kneading]
name = "Kneading"
output_unit = "kg"
carriers = ["electricity"]
optional = ["natural-gas"]
credited = ["heat"]
unit = "MJ"
"""
FENCE = """
[site_boundary]
purchased = [{ carrier = "steam", quantity = 5.0, unit = "t", period = "2026", lhv = 2700.0 }]
others = [{ carrier = "electricity", quantity = 5.0, unit = "kWh", period = "2026", reason = "offices" }]
auxiliaries = [{ carrier = "electricity", quantity = 5.0, unit = "kWh", period = "2026", step = "eaf" }]
stocks = [{ carrier = "coke", opening = 1.0, closing = 2.0, unit = "t", period = "2026" }]
losses = [{ carrier = "steam", pct = 2.0 }]
[[site_boundary.conversions]]
id = "boilers"
takes = [{ carrier = "coal", quantity = 5.0, unit = "t", period = "2026" }]
gives = [{ carrier = "heat", quantity = 5.0, unit = "MJ", period = "2026" }]
"""
SCALES = '[[scales]]\nid = "belt"\nstep = "eaf"\n'
"""Beside a log there are none: of another site."""


def sites() -> list[SiteSettings]:
    batches = (
        SETTINGS.replace(
            'log = "log.csv"', 'batches = "b.csv"\nreadings = "r.csv"\nscales = "s.csv"'
        )
        + SCALES
    )
    return [
        SiteSettings.model_validate(tomllib.loads(text + FENCE)) for text in (SETTINGS, batches)
    ]


def keys() -> Iterator[tuple[type[BaseModel], str]]:
    """Every key of every table that a label is made with, found in the models themselves."""
    waiting: list[type[BaseModel]] = [SiteSettings]
    tables_met: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        for name, field in model.model_fields.items():
            if name in TOUCHES_NOTHING.get(model, ()):
                continue
            inner = [
                part
                for part in _parts(field.annotation)
                if isinstance(part, type) and issubclass(part, BaseModel)
            ]
            waiting += [table for table in inner if table not in tables_met]
            tables_met |= {*inner}
            if not inner:
                yield model, name


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def changed(value: Any, annotation: Any) -> Any:
    """Another value of the same kind; where there is none yet, one that fits."""
    words = [
        word
        for part in _parts(annotation)
        if get_origin(part) is Literal
        for word in get_args(part)
    ]
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case tuple():
            return (
                (*value[:-1], value[-1] + 1)
                if value and isinstance(value[-1], float)
                else (*value, "foreign")
            )
        case dict():
            return {**value, "added": _first(get_args(annotation)[1])}
        case None | str() if words:
            return next(word for word in words if word != value)
        case str():
            return value + "x"
        case date():
            return date(value.year + 1, 1, 1)
        case None:
            return _first(next(part for part in get_args(annotation) if part is not type(None)))
    return next(member for member in type(value) if member != value)  # a word of an enumeration


def _first(annotation: Any) -> Any:
    if words := [
        word
        for part in _parts(annotation)
        if get_origin(part) is Literal
        for word in get_args(part)
    ]:
        return words[0]
    for part in _parts(annotation):
        if get_origin(part) is tuple:
            return tuple(
                _first(argument) for argument in get_args(part) if argument is not Ellipsis
            )
    value_by_kind: dict[Any, Any] = {
        str: "foreign",
        float: 7.0,
        int: 7,
        date: date(2025, 3, 1),
        dict: {"added": "foreign"},
    }
    return next(
        value_by_kind[kind]
        for kind in (get_origin(annotation), *_parts(annotation))
        if kind in value_by_kind
    )


def with_other(here: Any, model: type[BaseModel], name: str) -> Iterator[Any]:
    """The settings with this key changed, at each place where its table stands."""
    if isinstance(here, BaseModel):
        bare = {field: getattr(here, field) for field in type(here).model_fields}
        if type(here) is model:
            yield model.model_construct(
                **_named(
                    model, bare | {name: changed(bare[name], model.model_fields[name].annotation)}
                )
            )
        for key, value in bare.items():
            for other in with_other(value, model, name):
                yield type(here).model_construct(**_named(type(here), bare | {key: other}))
    elif isinstance(here, tuple):
        for index, value in enumerate(here):
            yield from (
                (*here[:index], other, *here[index + 1 :])
                for other in with_other(value, model, name)
            )
    elif isinstance(here, dict):
        for key, value in here.items():
            yield from (here | {key: other} for other in with_other(value, model, name))


def _named(model: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    return {model.model_fields[name].alias or name: value for name, value in values.items()}


@pytest.mark.parametrize(
    ("model", "name"), [pytest.param(*key, id=f"{key[0].__name__}.{key[1]}") for key in keys()]
)
def test_a_key_that_is_set_otherwise_is_told_otherwise(
    model: type[BaseModel], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lines of what a meter counts for, which many keys decide together: each one is
    told by itself.
    """
    monkeypatch.setattr(declared, "what_it_counts_for", lambda _meter, _site: iter(()))
    tried = [
        (declared_in(site), declared_in(other))
        for site in sites()
        for other in with_other(site, model, name)
    ]
    assert tried, "no table of this kind stands in the settings above: add one"
    assert any(before != otherwise for before, otherwise in tried)


def test_a_new_key_is_told_without_anybody_writing_it_down() -> None:
    class Later(BaseModel):
        id: str
        correction_pct: float = 0.0

    assert declared.keys_of(Later(id="a", correction_pct=3)) == "id = a, correction_pct = 3 %"


def test_the_list_of_what_touches_nothing_names_keys_that_there_are() -> None:
    for model, names in TOUCHES_NOTHING.items():
        assert {*names} <= {*model.model_fields}
