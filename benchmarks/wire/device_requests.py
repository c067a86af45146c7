"""What a device signs for itself: a request for what is its own, and its new key.

A request's header value is `device=<id>, at=<unix seconds>, signature=<128 hex digits>`, over
method, path with query, device and moment. It authorises reading only: a copy of it, seen within
five minutes, reads the same thing again and nothing else.

A new key is signed by the old one, which vouches for it, and by itself, so that nobody registers a
key that they do not hold. Sending the same rotation again gets the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

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
    content = _rotation_content(device_id, old.public, new.public)
    return KeyRotation(
        device_id,
        new.public,
        old.sign(Purpose.ROTATION, content),
        new.sign(Purpose.ROTATION, content),
    )


def verify_rotation(rotation: KeyRotation, old: VerifyingKey) -> None:
    """Refuse (`rotation-signature-invalid`) what not both keys signed."""
    content = _rotation_content(rotation.device_id, old, rotation.new)
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


def _rotation_content(device_id: str, old: VerifyingKey, new: VerifyingKey) -> Value:
    return {"device": device_id, "old": old.public_bytes, "new": new.public_bytes}


HTTP_HEADER = "Steplabel-Device"
LONGEST_AGE_S = 300

_FORM = re.compile(
    r"device=([A-Za-z0-9][A-Za-z0-9._-]{0,63}), at=([0-9]{1,12}), signature=([0-9a-f]{128})"
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What the header says; nothing of it is verified yet."""

    device_id: str
    at: int
    signature: bytes


def sign_request(method: str, path: str, device_id: str, now: datetime, key: DeviceKey) -> str:
    """The header's value for a request of `path` (with its query, without scheme and host) at the
    moment `now`.
    """
    at = int(now.timestamp())
    signature = key.sign(Purpose.REQUEST, _request_content(method, path, device_id, at))
    return f"device={device_id}, at={at}, signature={signature.hex()}"


def parse_request(value: str) -> SignedRequest:
    """Read the header's value, to look up the device. VerificationError `request-malformed`."""
    match = _FORM.fullmatch(value)
    if match is None:
        raise VerificationError(
            "request-malformed",
            Phrase(
                "The header %(header)s is not written as docs/wire-format.md requires.",
                header=HTTP_HEADER,
            ),
            "Use the agent of this release.",
        )
    return SignedRequest(match[1], int(match[2]), bytes.fromhex(match[3]))


def verify_request(
    request: SignedRequest, method: str, path: str, now: datetime, device: VerifyingKey
) -> None:
    """Refuse a request that the device did not sign (`request-signature-invalid`) or signed long
    ago (`request-outdated`).
    """
    content = _request_content(method, path, request.device_id, request.at)
    if not device.accepts(Purpose.REQUEST, content, request.signature):
        raise VerificationError(
            "request-signature-invalid",
            Phrase(
                "The request was not signed by the device %(device_id)s.",
                device_id=request.device_id,
            ),
            "Ask again with the device that is enrolled for this site.",
        )
    if abs(now.timestamp() - request.at) > LONGEST_AGE_S:
        raise VerificationError(
            "request-outdated",
            Phrase(
                "The request was signed more than %(minutes)s minutes before or after the "
                "portal's time.",
                minutes=LONGEST_AGE_S // 60,
            ),
            "Set this machine's clock, then ask again.",
        )


def _request_content(method: str, path: str, device_id: str, at: int) -> Value:
    return {"method": method.upper(), "path": path, "device": device_id, "at": at}
