"""Padding to a few fixed sizes, so that the length of a sealed report does not tell how many labels it holds.

A framed text is `length (4 bytes, big-endian) || text || zeros` up to the next power of two from 4 KiB to 128 KiB: six
sizes in all. Most plants fit the smallest two. `unpad` accepts only the one framing `pad` makes.
"""

from __future__ import annotations

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase

SIZES = tuple(1 << power for power in range(12, 18))  # 4 KiB to 128 KiB
_LENGTH_BYTES = 4


def pad(text: bytes) -> bytes:
    """The framed text, of one of SIZES bytes.

    Raises:
        VerificationError: `report-too-long` above 128 KiB less the length field.
    """
    framed = len(text).to_bytes(_LENGTH_BYTES) + text
    for size in SIZES:
        if len(framed) <= size:
            return framed.ljust(size, b"\x00")
    raise VerificationError(
        "report-too-long",
        Phrase(
            "The report has %(size)s bytes; at most %(most)s fit one envelope.",
            size=f"{len(text):,}",
            most=f"{SIZES[-1] - _LENGTH_BYTES:,}",
        ),
        "Merge small variants up their declared tree, or report fewer metrics.",
    )


def unpad(padded: bytes) -> bytes:
    """The text that was framed; anything but the exact framing is `padding-malformed`."""
    length = int.from_bytes(padded[:_LENGTH_BYTES])
    text = padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
    if len(text) != length or length > SIZES[-1] - _LENGTH_BYTES or pad(text) != padded:
        raise VerificationError(
            "padding-malformed",
            "The unsealed report is not framed as one: its length or its padding is wrong.",
            "Send again with a current agent; its writer did not follow docs/wire-format.md.",
        )
    return text
