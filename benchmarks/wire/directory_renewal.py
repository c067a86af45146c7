"""A new key directory or other witnesses: a request to the offline key, the signed directory back,
refusal of what does not follow.

The request names the directory it follows and says the next one whole, so that the person at the
offline key sees exactly what will be signed. Nothing secret is in it. Who signs holds it against
the directory signed before: keys are only added, windows only end earlier, and no day before the
last key ends loses the key it had. What a broken-into portal could still do is ask for a key of its
own; therefore the new keys' ids are compared by another way before signing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import directory as directories
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.directory import Directory, ListedKey, ListedWitness
from benchmarks.wire.records import VERSION, Fields
from benchmarks.wire.signing import DirectoryKey, key_id


@dataclass(frozen=True, slots=True)
class Renewal:
    """A directory that waits for its signature, and the SHA-256 of the signed one it follows."""

    follows: str
    directory: Directory


def following(
    present: Directory,
    *,
    processing: bytes | None = None,
    receipt: bytes | None = None,
    valid_from: date,
    valid_to: date,
    old_until: date,
) -> Directory:
    """The next directory: new public keys beside the old, of which none is used for sealing or
    signing after `old_until`. Witnesses stay.

    Receipt keys stay listed for ever, since their receipts stay good; so do processing keys, since
    nothing is gained by forgetting which ones there were.
    """
    return replace(
        present,
        number=present.number + 1,
        processing=_joined(present.processing, processing, valid_from, valid_to, old_until),
        receipts=_joined(present.receipts, receipt, valid_from, valid_to, old_until),
    )


def with_witnesses(
    present: Directory,
    *,
    add: Iterable[ListedWitness],
    drop: Collection[str],
    required: int,
    days: int,
) -> Directory:
    """The next directory: the same keys, other witnesses.

    Raises:
        VerificationError: `witness-unknown`, `witness-again`, `witnesses-too-few`.
    """
    if unknown := sorted(set(drop) - {witness.name for witness in present.witnesses}):
        raise VerificationError(
            "witness-unknown",
            Phrase("The directory names no witness %(name)s.", name=unknown[0]),
            "Use the name as `make_keys witnesses` lists it.",
        )
    witnesses = [witness for witness in present.witnesses if witness.name not in drop]
    for added in add:
        if any(
            added.name == other.name or added.public_bytes == other.public_bytes
            for other in witnesses
        ):
            raise VerificationError(
                "witness-again",
                Phrase(
                    "The directory already names a witness with the name or the key of %(name)s.",
                    name=added.name,
                ),
                "A witness has one name and one key. If one of them changes, remove the old one "
                "in the same step.",
            )
        witnesses.append(added)
    if required > len(witnesses):
        raise VerificationError(
            "witnesses-too-few",
            Phrase(
                "More cosignatures are required (%(required)s) than witnesses are named "
                "(%(named)s).",
                required=required,
                named=len(witnesses),
            ),
            "Name more witnesses, or require fewer cosignatures.",
        )
    return replace(
        present,
        number=present.number + 1,
        witnesses=tuple(witnesses),
        witnesses_required=required,
        witnessed_within_days=days,
    )


def request(signed: bytes, proposed: Directory) -> bytes:
    """The file that goes to the offline key.

    Args:
        signed: the directory in force, as it was signed.
    """
    return encode({"v": VERSION, "follows": _digest(signed), "directory": proposed.to_wire()})


def read(raw: bytes) -> Renewal:
    """What a request asks for; nothing is judged yet. VerificationError where it is malformed."""
    fields = Fields(decode(raw))
    fields.version()
    renewal = Renewal(
        fields.digest_hex("follows"),
        Directory.from_wire(fields.map_of("directory")),
    )
    fields.done()
    return renewal


def answer(raw: bytes, signed: bytes, key: DirectoryKey) -> bytes:
    """The requested directory, signed, if it follows the one that this key signed last.

    Raises:
        VerificationError: `renewal-of-another`, or what `require_succession` and `directory.verify`
            refuse.
    """
    asked = read(raw)
    if asked.follows != _digest(signed):
        raise VerificationError(
            "renewal-of-another",
            "The request follows a different directory from the one given here.",
            "Give the directory that this key signed last. If the portal shows a different one, "
            "find out why before you sign.",
        )
    require_succession(directories.verify(signed, key.key_id), asked.directory)
    return directories.issue(asked.directory, key)


def require_succession(old: Directory, new: Directory) -> None:
    """Refuse (`directory-no-successor`) what does not follow: a number left out, a key lost or
    lengthened, a day that loses its key.

    A day that had none before loses nothing. That the keys all end earlier than before is no
    refusal: the next renewal comes before.
    """
    if new.number != old.number + 1:
        raise _no_successor(
            Phrase("number %(new)s does not follow %(old)s", new=new.number, old=old.number)
        )
    for before, after in ((old.processing, new.processing), (old.receipts, new.receipts)):
        listed = {key.public_bytes: key for key in after}
        if len(listed) != len(after):
            raise _no_successor(Phrase("a key is listed twice"))
        for key in before:
            successor = listed.get(key.public_bytes)
            if successor is None:
                raise _no_successor(
                    Phrase("the key %(key)s is missing", key=key_id(key.public_bytes)[:16])
                )
            if successor.valid_from != key.valid_from or successor.valid_to > key.valid_to:
                raise _no_successor(
                    Phrase(
                        "the window of the key %(key)s was moved or lengthened",
                        key=key_id(key.public_bytes)[:16],
                    )
                )
        covered_to = min((key.valid_from for key in after), default=date.max)
        for key in sorted(after, key=lambda listed_key: listed_key.valid_from):
            if lost := _days_with_a_key(before, covered_to, key.valid_from):
                raise _no_successor(
                    Phrase(
                        "no key would be valid from %(first)s to %(last)s",
                        first=lost[0].isoformat(),
                        last=lost[1].isoformat(),
                    )
                )
            covered_to = max(covered_to, key.valid_to)


def _days_with_a_key(
    keys: Iterable[ListedKey], first: date, until: date
) -> tuple[date, date] | None:
    """The earliest stretch within [first, until) on which one of the keys is valid, half-open; None
    where none is.
    """
    stretches = ((max(key.valid_from, first), min(key.valid_to, until)) for key in keys)
    return min((stretch for stretch in stretches if stretch[0] < stretch[1]), default=None)


def _joined(
    old: tuple[ListedKey, ...],
    public: bytes | None,
    valid_from: date,
    valid_to: date,
    old_until: date,
) -> tuple[ListedKey, ...]:
    if public is None:
        return old
    ended = tuple(
        replace(key, valid_to=max(min(key.valid_to, old_until), key.valid_from + timedelta(days=1)))
        for key in old
    )
    return (*ended, ListedKey(public, valid_from, valid_to))


def _digest(signed: bytes) -> str:
    return hashlib.sha256(signed).hexdigest()


def _no_successor(why: Phrase) -> VerificationError:
    return VerificationError(
        "directory-no-successor",
        Phrase("The key directory cannot follow the one before: %(why)s.", why=why),
        "Make the request again with `manage.py make_keys rotate`. Do not sign anything that was "
        "changed by hand.",
    )
