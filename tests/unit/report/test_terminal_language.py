"""The terminal speaks the language of the reader: as asked, else as the locale says; nothing
English is left in a Chinese answer.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.catalogue import own_language
from benchmarks.errors import InputError, Place
from reporting_agent.cli import main
from tests.unit.report.conftest import heats_site


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_locale_of_messages_tells_the_language(
    environment: dict[str, str], language: str
) -> None:
    assert own_language(environment) == language


@pytest.mark.parametrize("option", ["--lang", "--language"])
def test_label_and_check_answer_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    site = ["--site", str(heats_site(tmp_path, 40)), "--period", "2016", option, "zh"]
    with (tmp_path / "batches.csv").open("a", encoding="utf-8") as batches:
        batches.write("H9999,eaf,2016-06-01T00:00,2016-06-01T00:50,100,eaf-1,0\n")  # no energy
    capsys.readouterr()
    assert main(["label", *site, "--out", str(tmp_path / "label")]) == 0
    output = capsys.readouterr().out
    for word in ("最优", "典型", "批次", "未计入", "已写入"):
        assert word in output
    for english in ("batches", "best", "typical", "grade", "Written", "excluded"):
        named = output.replace(str(tmp_path), "").replace("batches.parquet", "")
        assert english not in named
    assert main(["check", *site, "--out", str(tmp_path / "check")]) == 0
    answer = capsys.readouterr()
    assert "个批次" in answer.out
    assert "batches read" not in answer.out
    assert "first at" not in answer.err


def test_a_refusal_is_said_in_chinese_with_place_finding_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["preview", "--site", str(tmp_path / "no.toml"), "--period", "2016"]) == 1
    output = capsys.readouterr().err
    assert "remedy:" not in output
    assert "处理：" in output
    assert re.search(r"[\u4e00-\u9fff]", output.splitlines()[0])


def test_a_refusal_stays_english_in_records_and_for_an_english_reader() -> None:
    refusal = InputError(
        "x",
        "The heading is empty.",
        "Name it.",
        place=Place("log.csv", 3, "energy"),
        found="''",
        wanted="a name",
    )
    assert str(refusal) == refusal.in_words("en")
    assert str(refusal).splitlines() == [
        "log.csv, row 3, column 'energy': The heading is empty.",
        "  found:  ''",
        "  needed: a name",
        "  remedy: Name it. [x]",
    ]
    assert refusal.in_words("zh").splitlines()[0].startswith("log.csv，第 3 行，")
