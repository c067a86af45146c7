"""The format of the file that tells what a practice did at a site, signed by its device, and of an
auditor's confirmation in it.

A person carries it to the portal (`portal.practices.outcomes`). Everything that it holds stands in
`SiteOutcome`. An auditor who found the same class in the plant's own records may sign it too: the
member `confirmation` then names the file by its digest and the day, no figure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.guidance.outcomes import SavingOutcome
from benchmarks.wire import documents
from benchmarks.wire.canonical import encode
from benchmarks.wire.records import Fields
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey, Purpose, VerifyingKey

SCHEMA = "steplabel/practice-outcome/1"
CONFIRMATION = "steplabel/practice-outcome-confirmation/1"
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SiteOutcome:
    portal: str  # fingerprint of the key that signs the portal's key directory
    site: str
    practice: str
    version: str  # of the practice, as the site knew it
    outcome: str  # a `SavingOutcome`
    year: str  # of the last day that was verified


def sign(outcome: SiteOutcome, key: DeviceKey) -> dict[str, Any]:
    """The file's content."""
    return documents.sign(SCHEMA, Purpose.OUTCOME, asdict(outcome), key)


def confirm(document: Mapping[str, Any], key: AuditorSigningKey, on: date) -> dict[str, Any]:
    """The file's content with an auditor's signature in it; in place of one that it had."""
    unconfirmed = _without_confirmation(document)
    statement = {"outcome": _digest(unconfirmed), "confirmed_on": on.isoformat()}
    return {
        **unconfirmed,
        "confirmation": documents.sign(CONFIRMATION, Purpose.OUTCOME_CONFIRMED, statement, key),
    }


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whose key signed, and on which day."""

    key_id: str
    on: date


def confirmation(raw: bytes, keys: Mapping[str, VerifyingKey]) -> Confirmation | None:
    """What an auditor says of a file that `verify` has read; None where none signed it.

    Raises:
        VerificationError: `confirmation-invalid`, where none of these keys signed, or another file,
            or the confirmation is malformed.
    """
    document = json.loads(raw)
    signed = document.get("confirmation")
    if signed is None:
        return None
    try:
        statement = documents.signed_members(CONFIRMATION, Purpose.OUTCOME_CONFIRMED, signed, keys)
        of, on = statement["outcome"], date.fromisoformat(statement["confirmed_on"])
    except (ValueError, KeyError) as error:
        raise _not_confirmed() from error
    if of != _digest(_without_confirmation(document)):
        raise _not_confirmed()
    return Confirmation(str(signed["signature"]["key_id"]), on)


def _not_confirmed() -> VerificationError:
    return VerificationError(
        "confirmation-invalid",
        "The confirmation in the file is not of this file, or no auditor signed it who is "
        "assigned to this site and free of interest.",
        "Ask an auditor of the site’s certification body to confirm it again, or submit the file "
        "as your own agent wrote it.",
    )


def _without_confirmation(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "confirmation"}


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(encode({**document})).hexdigest()


def verify(raw: bytes, keys_of: Callable[[SiteOutcome], Mapping[str, VerifyingKey]]) -> SiteOutcome:
    """What the file says.

    Args:
        keys_of: the keys, by id, that sign for the site that the file names; it may refuse.

    Raises:
        VerificationError: `outcome-unreadable`; `outcome-signature-invalid`.
    """
    outcome = read(raw)
    document = _without_confirmation(json.loads(raw))
    try:
        documents.signed_members(SCHEMA, Purpose.OUTCOME, document, keys_of(outcome))
    except ValueError as error:
        raise VerificationError(
            "outcome-signature-invalid",
            "The file was altered after it was signed, or no agent that may report for this site "
            "signed it.",
            "Write it again with `steplabel-agent practices outcome` on the site’s enrolled "
            "agent, and do not change it.",
        ) from error
    return outcome


def read(raw: bytes) -> SiteOutcome:
    """What the file says, whoever signed it. Raises VerificationError `outcome-unreadable`."""
    try:
        return _read(
            Fields(_without_confirmation(json.loads(raw if len(raw) <= MOST_BYTES else b"")))
        )
    except (ValueError, AttributeError, RecursionError, VerificationError) as error:
        raise VerificationError(
            "outcome-unreadable",
            "This is not a file of `steplabel-agent practices outcome`, or it is not complete.",
            "Choose the file that the command wrote, as it wrote it.",
        ) from error


def _read(fields: Fields) -> SiteOutcome:
    fields.matching("schema", re.compile(re.escape(SCHEMA)), SCHEMA)
    outcome = SiteOutcome(
        portal=fields.digest_hex("portal"),
        site=fields.identifier("site"),
        practice=fields.identifier("practice"),
        version=fields.matching("version", re.compile(r"[1-9][0-9]{0,4}"), SCHEMA),
        outcome=SavingOutcome(fields.identifier("outcome")).value,
        year=fields.matching("year", re.compile(r"20[0-9]{2}"), SCHEMA),
    )
    fields.map_of("signature")
    fields.done()
    return outcome
