"""A device's signature on a request for what is its own: the state and receipts of its submissions.

One header value, `device=<id>, at=<unix seconds>, signature=<128 hex digits>`, over method, path
with query, device and moment. It authorises reading only: a copy of it, seen within five minutes,
reads the same thing again and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value
from benchmarks.wire.signing import DeviceKey, Purpose, VerifyingKey

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


def sign(method: str, path: str, device_id: str, now: datetime, key: DeviceKey) -> str:
    """The header's value for a request of `path` (with its query, without scheme and host) at the
    moment `now`.
    """
    at = int(now.timestamp())
    signature = key.sign(Purpose.REQUEST, _content(method, path, device_id, at))
    return f"device={device_id}, at={at}, signature={signature.hex()}"


def parse(value: str) -> SignedRequest:
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


def verify(
    request: SignedRequest, method: str, path: str, now: datetime, device: VerifyingKey
) -> None:
    """Refuse a request that the device did not sign (`request-signature-invalid`) or signed long
    ago (`request-outdated`).
    """
    content = _content(method, path, request.device_id, request.at)
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


def _content(method: str, path: str, device_id: str, at: int) -> Value:
    return {"method": method.upper(), "path": path, "device": device_id, "at": at}
