"""What an opening shows and the portal must never be sent: the plant's facts in it, and its own
secrets, searched for in bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote_to_bytes

from benchmarks.audit import records
from benchmarks.audit.openings import Opening
from benchmarks.measurements import Batch
from tests.functional.whole_system.exact_facts import ExactFacts, found_in_bytes

SHORTEST = 6  # bytes of a form: less stands by chance in tens of kilobytes of ciphertext
SLICE = 64  # bytes of a long part: whoever sent the whole sent them


def facts_of_opening(opening: Opening) -> ExactFacts:
    """Ids, moments and measured numbers of every batch that was opened; whole numbers prove nothing
    and are left out.
    """
    names: dict[str, str] = {}
    moments: dict[datetime, str] = {}
    numbers: dict[float, str] = {}
    for leaf in opening.leaves[1:]:
        batch = records.read(leaf.record)
        if not isinstance(batch, Batch):
            continue
        names[batch.batch_id] = "batch id"
        moments |= {
            moment: f"moment of {batch.batch_id}"
            for moment in (batch.start, batch.end)
            if moment is not None
        }
        measured = [
            batch.output,
            batch.reject,
            *batch.variables.values(),
            *(energy.quantity for energy in batch.energy),
        ]
        numbers |= {
            value: f"value of {batch.batch_id}" for value in measured if not value.is_integer()
        }
    return ExactFacts(names, moments, numbers, {})


def secrets_of(opening: Opening, seed: bytes) -> dict[str, bytes]:
    """Name and bytes of what only plant and auditor hold: seed, salts, records, settings, and
    pieces of the extract.
    """
    extract = opening.extract
    middle = len(extract) // 2
    pieces = {"its beginning": 0, "its middle": middle, "its end": len(extract) - SLICE}
    secrets = {"seed": seed, "key": opening.key, "settings": opening.settings[:SLICE]}
    secrets |= {f"extract, {name}": extract[at : at + SLICE] for name, at in pieces.items()}
    for leaf in opening.leaves:
        secrets |= {
            f"salt of leaf {leaf.index}": leaf.salt,
            f"record of leaf {leaf.index}": leaf.record[:SLICE],
        }
    return secrets


def found_of(facts: ExactFacts, secrets: dict[str, bytes], sent: bytes) -> list[str]:
    """Everything of the opening that stands in what was sent, as it stands on the wire or as a
    form's field is written there.
    """
    plain = unquote_to_bytes(sent.replace(b"+", b" "))
    read = sent if plain == sent else sent + b"\n" + plain
    leaked = [
        f"{name}, {spelling}"
        for name, secret in secrets.items()
        for spelling, form in _spellings(secret)
        if form in read
    ]
    return found_in_bytes(facts, read, shortest=SHORTEST) + leaked


def _spellings(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """As it is, in hex, and in base64 wherever in a longer message it begins."""
    yield "as it is", secret
    yield "in hex", secret.hex().encode()
    for skipped in range(3):
        whole = secret[skipped : skipped + (len(secret) - skipped) // 3 * 3]
        yield "in base64", base64.b64encode(whole)
        yield "in base64 for addresses", base64.urlsafe_b64encode(whole)
