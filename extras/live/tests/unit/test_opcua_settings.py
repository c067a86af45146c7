"""What [[source.opcua]] may say: what does not hold together is refused with its place and what is
wanted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from extras.live.sources.opcua.source import OpcUaSource
from extras.live.sources.settings import load
from extras.live.spool.acknowledging import Intake
from extras.live.spool.writer import Spool

SERVER = {"url": "opc.tcp://plc:4840", "security": "none", "nodes": {"m": "ns=2;s=kWh"}}
SECURED = {
    "security": "Basic256Sha256",
    "certificate": "a.der",
    "private_key": "a.pem",
    "trusted": "trusted",
}
TAGS = {"id": "ns=2;s=Heat", "constants": {"step": "eaf"}}


@pytest.mark.parametrize(
    ("table", "place", "why"),
    [
        ({"url": "http://plc:4840"}, "url", "opc"),
        ({"url": "opc.tcp://user:word@plc:4840"}, "url", "opc"),
        ({"nodes": {}}, "nodes", "at least 1"),
        ({"nodes": {"m": "kWh"}}, "nodes.m", "ns=2;s=NAME"),
        ({"nodes": {"m": "i=1", "n": "i=1"}}, "", "one node"),
        ({"security": "Basic256Sha256"}, "", "needs certificate"),
        ({"security": "Basic128Rsa15"}, "security", "Basic256Sha256"),
        ({"username": "u", "password_file": "p"}, "", "without encryption"),
        ({**SECURED, "username": "u"}, "", "password_file"),
        (
            {**SECURED, "username": "u", "password_file": "p", "mode": "sign"},
            "",
            "sign-and-encrypt",
        ),
        ({"trusted": "trusted"}, "", "other than"),
        ({"since": "2026-01-01T00:00:00"}, "since", "offset"),
        ({"batches": [{**TAGS, "event": "i=1"}]}, "batches.0", "one of both"),
        ({"batches": [{"id": "i=1"}]}, "batches.0", "step"),
        ({"batches": [{**TAGS, "fields": {"product": "Grade"}}]}, "batches.0", "ns=2;s=NAME"),
        ({"batches": [{**TAGS, "end": [6]}]}, "batches.0", "both start and end"),
        ({"batches": [{"event": "i=1", "constants": {"step": "eaf"}}]}, "batches.0", "batch_id"),
        ({"deadband": 1}, "deadband", "docs/live.md"),
    ],
)
def test_settings_that_do_not_hold_together_say_where_and_why(
    table: dict[str, object], place: str, why: str
) -> None:
    with pytest.raises(InputError) as refused:
        load({"folder": "spool", "opcua": [{**SERVER, **table}]}, Path())
    assert refused.value.code in ("source-option-invalid", "source-option-unknown")
    assert f"source.opcua.0{'.' + place if place else ''}" in str(
        refused.value.place and refused.value.place.column
    )
    assert why in str(refused.value.wanted)


def test_what_holds_together_is_taken() -> None:
    settings = load(
        {
            "folder": "spool",
            "opcua": [SERVER, {**SERVER, **SECURED, "url": "opc.tcp://b:4840", "batches": [TAGS]}],
        },
        Path(),
    )
    assert [server.url for server in settings.opcua] == ["opc.tcp://plc:4840", "opc.tcp://b:4840"]


@pytest.mark.parametrize("asks", [True, False])
def test_of_a_history_that_nobody_asks_for_nothing_is_said(tmp_path: Path, asks: bool) -> None:
    (server,) = load({"folder": "spool", "opcua": [{**SERVER, "history": asks}]}, tmp_path).opcua
    source = OpcUaSource(server, tmp_path, Intake(Spool(tmp_path / "spool")))
    source.without_history = {"m": "AccessLevel"}  # as a connection finds it, by either setting
    assert ("history" in {word.about for word in source.words()}) is asks
