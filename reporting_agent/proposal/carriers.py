"""Columns of energy and the carriers that headers name."""

from __future__ import annotations

import re

from reporting_agent.proposal.look import Look
from reporting_agent.proposal.naming import named, numbers, unit_of
from reporting_agent.proposal.vocabulary import VOCABULARY
from reporting_agent.sources.cells import plain
from reporting_agent.sources.wanted import BATCHES

AMOUNTS = frozenset({"energy", "volume"})


def energy_columns(look: Look) -> list[int]:
    """Columns of numbers whose header says energy of a batch: by a word for it, or by a carrier with a unit of amounts."""
    of_batches = {one.index for one in named(look, BATCHES).values()}
    found = []
    for index in numbers(look):
        unit = unit_of(look, index)
        amount = unit is not None and VOCABULARY.kind_of_unit(unit[0]) in AMOUNTS
        meaning = VOCABULARY.meaning("energy", "quantity", look.header[index])
        named_so = meaning is not None and meaning.share >= (0.3 if amount else 0.7)
        if index not in of_batches and (named_so or (amount and carrier_in(look.header[index]) is not None)):
            found.append(index)
    return found


def carrier_in(header: str) -> str | None:
    """The carrier that a header names, whole or by one of its words."""
    words = re.split(r"[\s/_\[\]()（）【】,.-]+", plain(header))
    return next((carrier for word in [header, *words] if (carrier := VOCABULARY.standard_word("carrier", word)) is not None), None)
