"""What a value of OPC UA is as a reading, and as a tag of a batch."""

from __future__ import annotations

from datetime import UTC

import pytest
from asyncua import ua

from extras.live.sources.opcua import values
from extras.live.sources.opcua.batches import TaggedBatches
from extras.live.sources.opcua.settings import OpcUaBatches
from extras.live.sources.payloads import UnreadablePayload

SOUND = ua.DateTime(2025, 1, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize("year", [1700, 1969, 2200, 9999])
def test_a_time_that_no_meter_can_mean_is_no_reading(year: int) -> None:
    """From the reading that came last, history is read."""
    with pytest.raises(UnreadablePayload, match="1970 to 2199"):
        values.reading(
            "m",
            ua.DataValue(ua.Variant(1.5), SourceTimestamp=ua.DateTime(year, 1, 1, tzinfo=UTC)),
            5,
        )


def test_a_time_of_zero_is_none() -> None:
    """1601 is what a source sends that has no time: then the server's counts, without both that of
    receipt.
    """
    zero = ua.DateTime(1601, 1, 1, tzinfo=UTC)
    value = ua.DataValue(ua.Variant(1.5), SourceTimestamp=zero, ServerTimestamp=SOUND)
    assert values.reading("m", value, 5).time_us == 1_735_797_600_000_000
    assert values.reading("m", ua.DataValue(ua.Variant(1.5), SourceTimestamp=zero), 5).time_us == 5
    sound = values.reading("m", ua.DataValue(ua.Variant(1.5), SourceTimestamp=SOUND), 5)
    assert (sound.time_us, sound.value) == (1_735_797_600_000_000, 1.5)


def test_batches_are_told_by_tags_that_a_server_holds_as_floating_point_numbers() -> None:
    """As many a gateway hands on all of a control's values: 1001.0 is the batch 1001, 0.0 none, and
    6.0 the state 6.
    """
    settings = OpcUaBatches.model_validate(
        {"id": "ns=2;s=Id", "state": "ns=2;s=State", "constants": {"step": "eaf"}}
    )
    unit = TaggedBatches(settings, [])

    def rows(minute: int, **tags: float) -> list[tuple[str, ...]]:
        at = ua.DateTime(2025, 1, 2, 6, minute, tzinfo=UTC)
        changes = [
            (
                f"ns=2;s={tag}",
                ua.DataValue(ua.Variant(value, ua.VariantType.Double), SourceTimestamp=at),
            )
            for tag, value in tags.items()
        ]
        return [
            (row["batch_id"], *(column for column in ("start", "end") if column in row))
            for row in unit.rows(changes, 0)
        ]

    assert rows(0, Id=1001.0, State=6.0) == [("1001", "start")]
    assert rows(30, State=17.0) == [("1001", "end")]
    assert rows(31, Id=0.0, State=6.0) == []
