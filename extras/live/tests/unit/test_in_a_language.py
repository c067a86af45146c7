"""What a setting of a live source should be is said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from extras.live.sources.settings import load
from tests.unit.languages.conftest import language
from tests.unit.languages.pseudo import pseudo

__all__ = ["language"]


MODBUS = {"host": "h", "registers": [{"meter": "m", "address": 1}]}
OPCUA = {"url": "opc.tcp://h:4840", "nodes": {"m": "ns=2;s=A"}}
REPORTS = {"every": "month", "first": "2025"}


@pytest.mark.parametrize(
    "options",
    [
        {"modbus": [{**MODBUS, "device": "d"}]},
        {"modbus": [{**MODBUS, "registers": [{"meter": "m", "address": 65535, "type": "int64"}]}]},
        {"opcua": [OPCUA]},
        {"opcua": [{**OPCUA, "nodes": {"m": "A"}}]},
        {"reports": REPORTS},
        {"reports": {**REPORTS, "step": "send"}},
        {"sql": [{"url": "sqlite:a"}]},
        {
            "files": [
                {"path": "a*/b", "readings": {"columns": {"time": "t", "value": "v"}, "meter": "m"}}
            ]
        },
        {"files": [{"path": "a", "encoding": "none such"}]},
        {"mqtt": [{"host": "h", "client_id": "c"}]},
        {
            "mqtt": [
                {"host": "h", "client_id": "c", "readings": [{"topic": "t", "fields": {"x": "y"}}]}
            ]
        },
    ],
)
def test_what_a_setting_of_a_source_should_be_is_a_phrase_of_the_catalogue(
    language: str, tmp_path: Path, options: Mapping[str, object]
) -> None:
    with pytest.raises(InputError) as refused:
        load({"folder": "spool", **options}, tmp_path)
    wanted = refused.value.wanted
    assert isinstance(wanted, Phrase)
    assert in_language(wanted, language) == (
        pseudo(wanted.text) % wanted.values if wanted.values else pseudo(wanted.text)
    ), "and nothing of it is English but what varies"
