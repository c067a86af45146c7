"""What a firm has agreed to, as its device signs it inside the report: the four terms, and the very text that was shown.

The terms are ids, so that a program can read them; `terms` is the digest of their wording in every language, so that nobody
can say later that another text was agreed to. The wording itself comes with the agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.wire.canonical import Value
from benchmarks.wire.fields import Fields

TERMS_BYTES = 32
LONGEST_RETENTION_YEARS = 100


@dataclass(frozen=True, slots=True)
class Consent:
    """Scheme, SHA-256 of its wording, and its terms: to what end, for what use, who is named, how many years it is kept."""

    scheme: str
    terms: bytes
    purpose: str
    use: str
    naming: str
    retention_years: int

    def to_wire(self) -> dict[str, Value]:
        return {
            "scheme": self.scheme,
            "terms": self.terms,
            "purpose": self.purpose,
            "use": self.use,
            "naming": self.naming,
            "retention_years": self.retention_years,
        }

    @classmethod
    def from_wire(cls, fields: Fields) -> Consent:
        """Read strictly; VerificationError names the field."""
        consent = cls(
            scheme=fields.identifier("scheme"),
            terms=fields.octets("terms", TERMS_BYTES),
            purpose=fields.identifier("purpose"),
            use=fields.identifier("use"),
            naming=fields.identifier("naming"),
            retention_years=fields.integer("retention_years", 0, LONGEST_RETENTION_YEARS),
        )
        fields.done()
        return consent
