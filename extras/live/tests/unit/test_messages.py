"""What messages say: plain JSON by the names of site.toml, and Sparkplug B, whose payloads Google's
own library writes here.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from benchmarks.errors import InputError
from extras.live.sources import payloads, sparkplug, tabular
from extras.live.sources.settings import MqttBatches, MqttReadings, load
from extras.live.sources.table_settings import ReadingColumns
from extras.live.spool.reading import NO_SEQUENCE, ReadingQuality

TOPIC = "works/meters/eaf-1"
STAMP_US = 1_735_797_600_000_000


@pytest.mark.parametrize(
    ("mapping", "payload", "wanted"),
    [
        ({"meter_level": 3}, b"12.5", ("eaf-1", 5, 12.5, NO_SEQUENCE)),
        (
            {"meter_level": 3, "fields": {"time": "t", "value": "v", "sequence": "n"}},
            b'{"t": "2025-01-02T07:00:00+01:00", "v": 0.1, "n": 9}',
            ("eaf-1", STAMP_US, 0.1, 9),
        ),
        (
            {
                "fields": {"meter": "tag.id", "time": "ms", "value": "data.v"},
                "time": "ms",
                "names": {"FT-7": "gas"},
            },
            b'[{"tag": {"id": "FT-7"}, "ms": 1735797600000, "data": {"v": 3}}]',
            ("gas", STAMP_US, 3.0, NO_SEQUENCE),
        ),
    ],
)
def test_a_message_is_read_by_the_names_of_site_toml(
    mapping: dict[str, Any], payload: bytes, wanted: tuple[object, ...]
) -> None:
    (reading,), _ = payloads.readings(MqttReadings(topic="works/#", **mapping), TOPIC, payload, 5)
    assert tuple(reading)[:4] == wanted


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{", "no JSON"),
        (b'{"t": "2025-01-02T07:00:00", "v": 1, "n": 1}', "offset"),
        (b'{"t": "yesterday", "v": 1, "n": 1}', "ISO"),
        (b'{"v": 1, "n": 1}', "no t"),
        (b'{"t": "2025-01-02T07:00:00Z", "v": "1", "n": 1}', "no number"),
        (b'{"t": "2025-01-02T07:00:00Z", "v": 1, "n": -1}', "sequence"),
        (b"7", "no object"),
        (b"[" * 100_000, "no JSON"),
        (b'{"t": "2025-01-02T07:00:00Z", "v": 1, "n": 1, "q": "\\ud800"}', "no JSON"),
        (b'{"t": "2025-01-02T07:00:00Z", "v": 1, "n": 1, "q": "\xed\xa0\x80"}', "no JSON"),
        (b'{"t": "2025-01-02T07:00:00Z", "v": 1%s, "n": 1}' % (b"0" * 400), "no number"),
        (b'{"t": "9999-12-31T23:59:59-23:00", "v": 1, "n": 1}', "1970 to 2199"),
        (b'{"t": "0001-01-01T00:00:00+23:00", "v": 1, "n": 1}', "1970 to 2199"),
    ],
)
def test_what_cannot_be_read_is_no_reading_and_says_why(payload: bytes, why: str) -> None:
    mapping = MqttReadings(
        topic="works/#", meter="m", fields={"time": "t", "value": "v", "sequence": "n"}
    )
    readings, (wrong,) = payloads.readings(mapping, TOPIC, payload, 5)
    assert readings == []
    assert why in str(wrong)


@pytest.mark.parametrize("stamp", ["NaN", "1e400", "-1", "1735797600000000", "1" + "0" * 400])
def test_a_number_that_is_no_moment_is_no_reading(stamp: str) -> None:
    """Such a time would stop who counts with it; microseconds taken as milliseconds are the year
    56976.
    """
    mapping = MqttReadings(
        topic="works/#", meter="m", fields={"time": "t", "value": "v"}, time="ms"
    )
    readings, (wrong,) = payloads.readings(mapping, TOPIC, f'{{"t": {stamp}, "v": 1}}'.encode(), 5)
    assert readings == []
    assert "no time" in str(wrong)


def test_one_bad_reading_of_a_list_keeps_none_of_the_others_out() -> None:
    mapping = MqttReadings(
        topic="works/#", meter="m", fields={"value": "v", "sequence": "n"}, consecutive=True
    )
    payload = b'[{"n": 1, "v": 1.5}, {"n": 2, "v": "1,5"}, {"n": 3, "v": 2.5}, 7]'
    readings, refused = payloads.readings(mapping, TOPIC, payload, 5)
    assert [(reading.sequence, reading.value) for reading in readings] == [(1, 1.5), (3, 2.5)]
    saved = [payloads.unreadable(TOPIC, payload, wrong) for wrong in refused]
    assert [(row["payload"], row["why"], row.get("number")) for row in saved] == [
        (
            '{"n": 2, "v": "1,5"}',
            "'1,5' is no number",
            2,
        ),  # its number counts as arrived: it is not asked for again
        ("7", "7 is no object", None),
    ]
    batches, (wrong,) = payloads.rows(
        MqttBatches(topic="works/batches"), b'[{"batch_id": "H1", "step": "eaf"}, {"step": "eaf"}]'
    )
    assert [row["batch_id"] for row in batches] == ["H1"]
    assert str(wrong) == "no batch_id in ['step']"


def test_what_a_sender_calls_table_decides_not_where_its_row_goes() -> None:
    """A turntable, or the table of the plant's own system."""
    ([row], []) = payloads.rows(
        MqttBatches(topic="works/batches"),
        b'{"batch_id": "H1", "step": "eaf", "table": "position"}',
    )
    assert row == {"table": "batches", "batch_id": "H1", "step": "eaf"}


def test_a_list_of_which_nothing_can_be_read_is_saved_in_bounds() -> None:
    mapping = MqttReadings(topic="works/#", meter="m", fields={"value": "v", "sequence": "n"})
    _, refused = payloads.readings(mapping, TOPIC, b"[" + b", ".join([b"0"] * 5_000) + b"]", 5)
    assert len(refused) == payloads.MOST_REFUSED + 1
    assert str(refused[-1]) == "further entries of this message that cannot be read: 4900"


def test_a_bad_value_is_not_known() -> None:
    mapping = MqttReadings(topic="works/#", meter="m", fields={"value": "v", "quality": "q"})
    (bad,), _ = payloads.readings(mapping, TOPIC, b'{"v": 4, "q": "Bad"}', 5)
    assert math.isnan(bad.value)
    assert bad.quality == ReadingQuality.BAD


def test_a_point_where_a_comma_is_declared_is_no_number() -> None:
    """1.234 may be a thousand or one: `label` refuses it in a file, too."""
    columns = ReadingColumns.model_validate(
        {"meter": "m", "columns": {"time": "t", "value": "v"}, "decimal": ","}
    )
    for written in ("1.234", "1.234,5", "1_234"):
        with pytest.raises(payloads.UnreadablePayload):
            tabular.readings(columns, {"t": "2025-01-02T06:00:00Z", "v": written}, 5)
    assert (
        tabular.readings(columns, {"t": "2025-01-02T06:00:00Z", "v": "1234,5"}, 5)[0].value
        == 1234.5
    )


def test_a_quality_is_known_in_whatever_case_site_toml_names_it() -> None:
    named = {"bad": ("Bad", " STALE"), "uncertain": ("Uncertain",)}
    mapping = MqttReadings(
        topic="works/#", meter="m", fields={"value": "v", "quality": "q"}, **named
    )
    columns = ReadingColumns(
        columns={"time": "t", "value": "v", "quality": "q"}, meter="m", **named
    )
    for word, quality in (
        ("Bad", "BAD"),
        ("stale", "BAD"),
        ("UNCERTAIN", "UNCERTAIN"),
        ("Good", "GOOD"),
    ):
        (sent,), _ = payloads.readings(mapping, TOPIC, f'{{"v": 4, "q": "{word}"}}'.encode(), 5)
        (row,) = tabular.readings(columns, {"t": "2025-01-02T06:00:00Z", "v": 4.0, "q": word}, 5)
        assert (sent.quality, row.quality) == (ReadingQuality[quality], ReadingQuality[quality])
        assert math.isnan(sent.value) == math.isnan(row.value) == (quality == "BAD")


def test_a_row_of_a_batch_has_the_columns_of_the_template() -> None:
    mapping = MqttBatches(
        topic="works/batches",
        fields={"batch_id": "heat.no", "start": "from"},
        constants={"step": "eaf"},
    )
    assert payloads.rows(mapping, b'{"heat": {"no": 7}, "from": "2025-01-02T06:00:00Z"}') == (
        [{"table": "batches", "step": "eaf", "batch_id": "7", "start": "2025-01-02T06:00:00Z"}],
        [],
    )
    _, (wrong,) = payloads.rows(mapping, b"{}")
    assert "batch_id" in str(wrong)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"folder": "spool", "broker": 1}, "source.broker"),
        (
            {
                "folder": "spool",
                "mqtt": [{"host": "h", "client_id": "a", "readings": [{"topic": "t"}]}],
            },
            "source.mqtt.0.readings.0",
        ),
        ({"folder": "spool", "mqtt": [{"host": "h", "client_id": "a"}]}, "source.mqtt.0"),
    ],
)
def test_settings_that_do_not_hold_together_are_refused_by_their_key(
    options: dict[str, object], key: str, tmp_path: Any
) -> None:
    with pytest.raises(InputError) as refused:
        load(options, tmp_path)
    assert refused.value.place is not None
    assert refused.value.place.column == key


def _payload_class() -> Any:
    """The part of sparkplug_b.proto that is read, by its published numbers and types."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug")
    kinds = descriptor_pb2.FieldDescriptorProto
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    once, many = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
    fields = [
        ("name", 1, kinds.TYPE_STRING),
        ("alias", 2, kinds.TYPE_UINT64),
        ("timestamp", 3, kinds.TYPE_UINT64),
    ]
    fields += [
        ("datatype", 4, kinds.TYPE_UINT32),
        ("is_historical", 5, kinds.TYPE_BOOL),
        ("is_null", 7, kinds.TYPE_BOOL),
    ]
    fields += [
        ("int_value", 10, kinds.TYPE_UINT32),
        ("long_value", 11, kinds.TYPE_UINT64),
        ("float_value", 12, kinds.TYPE_FLOAT),
    ]
    fields += [
        ("double_value", 13, kinds.TYPE_DOUBLE),
        ("boolean_value", 14, kinds.TYPE_BOOL),
        ("string_value", 15, kinds.TYPE_STRING),
    ]
    for name, number, kind in fields:
        metric.field.add(name=name, number=number, type=kind, label=once)
    payload.field.add(name="timestamp", number=1, type=kinds.TYPE_UINT64, label=once)
    payload.field.add(
        name="metrics",
        number=2,
        type=kinds.TYPE_MESSAGE,
        type_name=".sparkplug.Payload.Metric",
        label=many,
    )
    payload.field.add(name="seq", number=3, type=kinds.TYPE_UINT64, label=once)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


PAYLOAD = _payload_class()


def written(sequence: int, *metrics: dict[str, Any], timestamp: int = 1_735_797_600_000) -> bytes:
    content: bytes = PAYLOAD(
        timestamp=timestamp, seq=sequence, metrics=list(metrics)
    ).SerializeToString()
    return content


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ({"datatype": 10, "double_value": 0.1 + 0.2}, 0.1 + 0.2),
        ({"datatype": 9, "float_value": 0.5}, 0.5),
        ({"datatype": 3, "int_value": 2**32 - 7}, -7.0),
        ({"datatype": 7, "int_value": 2**32 - 7}, 2.0**32 - 7),
        ({"datatype": 4, "long_value": 2**64 - 7}, -7.0),
        ({"datatype": 8, "long_value": 1 << 40}, float(1 << 40)),
        ({"datatype": 11, "boolean_value": True}, 1.0),
        ({"datatype": 12, "string_value": "no number"}, None),
    ],
)
def test_a_metric_has_the_value_that_was_written(
    metric: dict[str, Any], value: float | None
) -> None:
    payload = sparkplug.decoded(
        written(3, {"name": "kWh", "alias": 300, "timestamp": 77, **metric})
    )
    (decoded,) = payload.metrics
    assert (payload.time_ms, payload.sequence, decoded[:3]) == (
        1_735_797_600_000,
        3,
        ("kWh", 300, 77),
    )
    readings, _, _ = sparkplug.Host({"e/kWh": "m"}).take(
        "spBv1.0/works/NBIRTH/e", written(0, {"name": "kWh", **metric}), 5
    )
    assert [reading.value for reading in readings] == ([] if value is None else [value])


def test_data_give_no_type_and_have_that_of_their_birth() -> None:
    """As the standard asks of edge nodes: a meter that feeds 7 kW back is no meter of 4 GW."""
    host = sparkplug.Host({"edge-1/furnace/kW": "m"})

    def take(kind: str, sequence: int, metric: dict[str, Any]) -> list[float]:
        readings, _, _ = host.take(
            f"spBv1.0/works/{kind}/edge-1/furnace", written(sequence, metric), 5
        )
        return [reading.value for reading in readings]

    assert (
        take("DDATA", 8, {"name": "kW", "int_value": 2**32 - 7}) == []
    )  # no birth was seen: it is asked for
    host.take("spBv1.0/works/NBIRTH/edge-1", written(0), 5)
    assert take("DBIRTH", 1, {"name": "kW", "alias": 4, "datatype": 3, "int_value": 5}) == [5.0]
    assert take("DDATA", 2, {"alias": 4, "int_value": 2**32 - 7}) == [-7.0]
    assert take("DDATA", 3, {"name": "kW", "int_value": 2**32 - 7}) == [-7.0]


def test_every_cut_payload_is_refused_or_shorter_never_a_crash() -> None:
    whole = written(
        3, {"name": "kWh", "alias": 300, "timestamp": 77, "datatype": 10, "double_value": 1.5}
    )
    for length in range(len(whole)):
        try:
            sparkplug.decoded(whole[:length])
        except payloads.UnreadablePayload:
            continue


def test_a_host_follows_births_aliases_and_asks_where_a_message_is_missing() -> None:
    host = sparkplug.Host({"edge-1/furnace/kWh": "eaf-1"})

    def take(kind: str, content: bytes, device: str = "/furnace") -> tuple[list[float], bool]:
        readings, _, asks = host.take(f"spBv1.0/works/{kind}/edge-1{device}", content, 5)
        return [reading.value for reading in readings], asks

    metric = {"alias": 7, "timestamp": 1_735_797_600_000, "datatype": 10}
    assert take("DDATA", written(9, {**metric, "double_value": 1.0})) == (
        [],
        True,
    )  # no birth was seen
    assert take("NBIRTH", written(0), "") == ([], False)
    assert take("DBIRTH", written(1, {**metric, "name": "kWh", "double_value": 2.0})) == (
        [2.0],
        False,
    )
    assert take("DDATA", written(2, {**metric, "double_value": 3.0})) == ([3.0], False)
    assert take("DDATA", written(4, {**metric, "double_value": 5.0})) == (
        [5.0],
        True,
    )  # 3 is missing
    assert host.nodes["edge-1"].lost == 1
    assert take("NBIRTH", written(0), "") == ([], False)
    for position in range(1, 600):  # past 255 it begins at 0
        values, asks = take(
            "DDATA",
            written(position % 256, {**metric, "name": "kWh", "double_value": float(position)}),
        )
        assert (values, asks) == ([float(position)], False)
    take("NDEATH", written(0), "")
    assert take("DDATA", written(88, {**metric, "name": "kWh", "double_value": 5.0}))[1]


def test_a_null_metric_is_not_known_and_a_birth_that_is_asked_for_says_so() -> None:
    host = sparkplug.Host({"edge-1/kWh": "m"})
    (reading,), _, _ = host.take(
        "spBv1.0/works/NBIRTH/edge-1",
        written(0, {"name": "kWh", "is_null": True, "datatype": 10}),
        5,
    )
    assert math.isnan(reading.value)
    assert reading.quality == ReadingQuality.BAD
    (infinite,), _, _ = host.take(
        "spBv1.0/works/NDATA/edge-1",
        written(1, {"name": "kWh", "datatype": 10, "double_value": math.inf}),
        5,
    )
    assert math.isnan(infinite.value)
    with pytest.raises(payloads.UnreadablePayload, match="no edge node"):
        host.take("spBv1.0/works/NDATA", b"", 5)
    asked = PAYLOAD.FromString(sparkplug.rebirth(1_735_797_600_000))
    assert (asked.metrics[0].name, asked.metrics[0].datatype, asked.metrics[0].boolean_value) == (
        sparkplug.REBIRTH,
        11,
        True,
    )


def test_a_metric_of_an_impossible_time_keeps_no_other_out_and_no_alias_of_a_birth() -> None:
    host = sparkplug.Host({"edge-1/kWh": "m-1", "edge-1/Nm3": "m-2"})
    wrong = {"name": "kWh", "alias": 1, "timestamp": 1 << 63, "datatype": 10, "double_value": 1.0}
    right = {"name": "Nm3", "alias": 2, "datatype": 10, "double_value": 2.0}
    readings, (refused,), asks = host.take(
        "spBv1.0/works/NBIRTH/edge-1", written(0, wrong, right), 5
    )
    assert ([reading.value for reading in readings], asks) == ([2.0], False)
    row = payloads.unreadable("spBv1.0/works/NBIRTH/edge-1", b"", refused)
    assert row["payload"] == "edge-1/kWh 9223372036854775808"
    assert "1970 to 2199" in row["why"]
    (later,), _, _ = host.take(
        "spBv1.0/works/NDATA/edge-1",
        written(1, {"alias": 2, "datatype": 10, "double_value": 3.0}),
        5,
    )
    assert later.value == 3.0
