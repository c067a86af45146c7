"""What a composition's simulations are seeded with: nobody chooses it, and whoever holds the
reports repeats every figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def seed_of(purpose: str, envelopes: Iterable[str]) -> int:
    """A seed of 256 bits out of the participants' envelopes, whatever order they come in.

    Args:
        purpose: what is simulated, so that two simulations of the same reports do not share their
            chance.
        envelopes: digests, lower-case hex.
    """
    content = "\n".join((f"steplabel/1 {purpose}", *sorted(envelopes)))
    return int.from_bytes(hashlib.sha256(content.encode()).digest())
