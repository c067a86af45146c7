"""What an action that follows a practice did at a site, as a small file signed by the site's device: a class, and no figure.

A person carries it to the portal (`portal.practices.outcomes`). Everything that it holds stands in `SiteOutcome`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.guidance.outcomes import Outcome
from benchmarks.wire import documents
from benchmarks.wire.fields import Fields
from benchmarks.wire.signing import DeviceKey, Purpose, VerifyingKey

SCHEMA = "steplabel/practice-outcome/1"
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SiteOutcome:
    portal: str  # fingerprint of the key that signs the portal's key directory
    site: str
    practice: str
    version: str  # of the practice, as the site knew it
    outcome: str  # an `Outcome`
    year: str  # of the last day that was verified


def sign(found: SiteOutcome, key: DeviceKey) -> dict[str, Any]:
    """The file's content."""
    return documents.sign(SCHEMA, Purpose.OUTCOME, asdict(found), key)


def verify(raw: bytes, keys_of: Callable[[SiteOutcome], Mapping[str, VerifyingKey]]) -> SiteOutcome:
    """What the file says.

    Args:
        keys_of: the keys, by id, that sign for the site that the file names; it may refuse.

    Raises:
        VerificationError: `outcome-unreadable`; `outcome-signature-invalid`.
    """
    try:
        document = json.loads(raw if len(raw) <= MOST_BYTES else b"")
        found = _read(Fields(document))
    except (ValueError, RecursionError, VerificationError) as error:
        raise VerificationError(
            "outcome-unreadable",
            "This is not a file of `steplabel-agent practices outcome`, or it is not complete.",
            "Choose the file that the command wrote, as it wrote it.",
        ) from error
    try:
        documents.signed_members(SCHEMA, Purpose.OUTCOME, document, keys_of(found))
    except ValueError as error:
        raise VerificationError(
            "outcome-signature-invalid",
            "The file was altered after it was signed, or no agent that may report for this site signed it.",
            "Write it again with `steplabel-agent practices outcome` on the site’s enrolled agent, and do not change it.",
        ) from error
    return found


def _read(fields: Fields) -> SiteOutcome:
    fields.matching("schema", re.compile(re.escape(SCHEMA)), SCHEMA)
    found = SiteOutcome(
        portal=fields.digest_hex("portal"),
        site=fields.identifier("site"),
        practice=fields.identifier("practice"),
        version=fields.matching("version", re.compile(r"[1-9][0-9]{0,4}"), SCHEMA),
        outcome=Outcome(fields.identifier("outcome")).value,
        year=fields.matching("year", re.compile(r"20[0-9]{2}"), SCHEMA),
    )
    fields.map_of("signature")
    fields.done()
    return found
