"""The envelope, and everything that must not pass for one."""

from __future__ import annotations

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import envelope
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import DeviceKey


def refused(raw: bytes, key: ProcessingKey, device: DeviceKey) -> str:
    """The code under which these bytes are refused on the whole way in."""
    with pytest.raises(VerificationError) as refusal:
        envelope.open(envelope.parse(raw), key, device.public)
    return refusal.value.code


def test_what_was_sealed_is_what_is_read(
    raw_envelope: bytes, report: Report, header: Header, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    parsed = envelope.parse(raw_envelope)
    assert parsed.header == header
    assert envelope.open(parsed, processing_key, device_key.public) == report
