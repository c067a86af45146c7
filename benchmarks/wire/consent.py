"""What a firm has agreed to, as its device signs it inside the report: the four terms, and the very
text that was shown.

The terms are ids, so that a program can read them; `terms` is the digest of their wording in every
language, so that nobody can say later that another text was agreed to. The wording itself comes
with the agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from benchmarks.wire.records import Identifier, Record, octets, whole

TERMS_BYTES = 32
LONGEST_RETENTION_YEARS = 100


@dataclass(frozen=True, slots=True)
class Consent(Record):
    """Scheme, SHA-256 of its wording, and its terms: to what end, for what use, who is named, how
    many years it is kept.
    """

    scheme: Identifier
    terms: Annotated[bytes, octets(TERMS_BYTES)]
    purpose: Identifier
    use: Identifier
    naming: Identifier
    retention_years: Annotated[int, whole(0, LONGEST_RETENTION_YEARS)]
