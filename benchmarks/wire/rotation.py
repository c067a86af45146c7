"""A device's new key: signed by the old one, which vouches for it, and by itself, so that nobody
registers a key he does not hold.

The old key goes on verifying what it signed; the portal takes nothing new from it. Sending the same
rotation again gets the same answer, so a run that was cut short is simply repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value
from benchmarks.wire.signing import DeviceKey, Purpose, VerifyingKey


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What goes to the portal: `by_old` and `by_new` are signatures over device, old and new public
    key.
    """

    device_id: str
    new: VerifyingKey
    by_old: bytes
    by_new: bytes


def rotate(device_id: str, old: DeviceKey, new: DeviceKey) -> KeyRotation:
    """The same keys always give the same rotation."""
    content = _content(device_id, old.public, new.public)
    return KeyRotation(
        device_id,
        new.public,
        old.sign(Purpose.ROTATION, content),
        new.sign(Purpose.ROTATION, content),
    )


def verify(rotation: KeyRotation, old: VerifyingKey) -> None:
    """Refuse (`rotation-signature-invalid`) what not both keys signed."""
    content = _content(rotation.device_id, old, rotation.new)
    by_both = old.accepts(Purpose.ROTATION, content, rotation.by_old) and rotation.new.accepts(
        Purpose.ROTATION, content, rotation.by_new
    )
    if not by_both or rotation.new == old:
        raise VerificationError(
            "rotation-signature-invalid",
            Phrase(
                "The new key of the device %(device_id)s was not signed by its old key and by "
                "itself.",
                device_id=rotation.device_id,
            ),
            (
                "Run `steplabel-agent enrol --rotate` with the state directory of this device. If "
                "you do not have it, enrol again with a "
                "token."
            ),
        )


def _content(device_id: str, old: VerifyingKey, new: VerifyingKey) -> Value:
    return {"device": device_id, "old": old.public_bytes, "new": new.public_bytes}
