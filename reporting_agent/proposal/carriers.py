"""Columns of energy and the carriers that headers name."""

from __future__ import annotations

import re

from reporting_agent.proposal.look import Look
from reporting_agent.proposal.naming import named, numbers, unit_of
from reporting_agent.proposal.vocabulary import VOCABULARY, without_unit
from reporting_agent.sources.cells import plain
from reporting_agent.sources.sheets import JOINER
from reporting_agent.sources.wanted import BATCHES

AMOUNTS = frozenset({"energy", "volume"})


def energy_columns(look: Look) -> list[int]:
    """Columns of numbers whose header says energy of a batch: a word for it, a carrier with an amount, a carrier or its unit alone."""
    of_batches = {one.index for one in named(look, BATCHES).values()}
    return [index for index in numbers(look) if index not in of_batches and _is_energy(look, index)]


def _is_energy(look: Look, index: int) -> bool:
    header, unit = look.header[index], unit_of(look, index)
    kind = None if unit is None else VOCABULARY.kind_of_unit(unit[0])
    if kind not in {None, "mass", *AMOUNTS} or (kind == "mass" and carrier_in(header) is None):
        return False
    meaning = VOCABULARY.meaning("energy", "quantity", header)
    named_so = meaning is not None and meaning.share >= (0.3 if kind in AMOUNTS else 0.7)
    alone = VOCABULARY.unit_in(header.split(JOINER)[-1], alone=True) is not None and kind == "energy"
    whole = unit is None and VOCABULARY.standard_word("carrier", without_unit(header)) is not None  # in a unit that has to be asked
    return named_so or alone or whole or (kind in AMOUNTS and carrier_in(header) is not None)


def output_columns(look: Look) -> list[int]:
    """Columns of tonnes or pieces whose header names no carrier: what was made, not what was used."""
    units = {index: unit_of(look, index) for index in numbers(look)}
    made = [index for index, unit in units.items() if unit is not None and VOCABULARY.kind_of_unit(unit[0]) in {"mass", "count"}]
    return [index for index in made if carrier_in(look.header[index]) is None]


def carrier_in(header: str) -> str | None:
    """The carrier that a header names, whole or by one of its words."""
    words = re.split(r"[\s/_\[\]()（）【】,.-]+", plain(header))
    return next((carrier for word in [header, *words] if (carrier := VOCABULARY.standard_word("carrier", word)) is not None), None)
