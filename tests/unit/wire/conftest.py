"""One cast for the wire's tests: a works, its device, the portal's keys, and a small report."""

from __future__ import annotations

import pytest

from benchmarks.released import ReleasedLabel, ReleasedReport
from benchmarks.wire import envelope, sealing
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.signing import DeviceKey
from fixtures.vectors.wire import messages


@pytest.fixture(scope="session")
def processing_key() -> sealing.ProcessingKey:
    return sealing.generate()


@pytest.fixture(scope="session")
def device_key() -> DeviceKey:
    return DeviceKey.generate()


@pytest.fixture(scope="session")
def other_device_key() -> DeviceKey:
    return DeviceKey.generate()


@pytest.fixture(scope="session")
def header(processing_key: sealing.ProcessingKey) -> Header:
    return Header("works-2", "2016", 1, processing_key.key_id, "device-7", 18)


@pytest.fixture(scope="session")
def label() -> ReleasedLabel:
    """A converter's: below zero, so that signs are tested."""
    return messages.report().released.labels[0]


@pytest.fixture(scope="session")
def report(label: ReleasedLabel) -> Report:
    return Report(
        released=ReleasedReport(
            site="works-2",
            pack="steel",
            pack_version="1",
            period="2016",
            revision=1,
            labels=(label,),
            withheld=(("eaf", "electricity", "too-few-batches"),),
        ),
        pack_digest=bytes(range(32)),
        policy_digest=bytes(range(32, 64)),
        data_root=bytes(range(64, 96)),
        challenge=bytes(range(96, 128)),
        software="steplabel-agent 0.1.0",
        salt=bytes(range(128, 160)),
        consent=messages.consent(),
    )


@pytest.fixture(scope="session")
def raw_envelope(
    report: Report, header: Header, device_key: DeviceKey, processing_key: sealing.ProcessingKey
) -> bytes:
    return envelope.build(report, header, device_key, processing_key.public)
