"""What is said of a site of a group: which line of fleet.toml to correct, each file once, and of an
unknown word that it is not known.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from extras.fleet import page
from extras.fleet.one_site import do
from extras.fleet.site_tasks import Task
from extras.fleet.storage import site_at
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.cli import main
from reporting_agent.config import load_site

MADE = datetime(2026, 1, 5, 8, 12, tzinfo=UTC)


def test_a_site_file_that_is_missing_is_named_once_with_the_line_of_fleet_toml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(
        '[fleet]\nname = "G"\n[[sites]]\nfile = "works-2/site.toml"\n', encoding="utf-8"
    )
    assert (
        main(
            [
                "fleet",
                "--config",
                str(fleet),
                "check",
                "--out",
                str(tmp_path / "out"),
                "--processes",
                "1",
            ]
        )
        == 1
    )
    heard = capsys.readouterr().err
    assert heard.count("works-2/site.toml") == 1
    assert "`file` under [[sites]] of fleet.toml" in heard
    assert "--site" not in heard
    written = (tmp_path / "out" / "check.html").read_text(encoding="utf-8")
    assert written.count("works-2/site.toml") == 1
    with pytest.raises(InputError) as refused:
        site_at(str(tmp_path / "works-2" / "site.toml"), {})
    assert "请更正 fleet.toml" in refused.value.in_words("zh")


@pytest.mark.parametrize(
    ("key", "word", "wanted"), [("timezone", "UTX", "UTC"), ("reading", "intervall", "'interval'")]
)
def test_a_word_that_is_not_known_is_no_contradiction(
    key: str, word: str, wanted: str, tmp_path: Path
) -> None:
    site = Furnaces(heats=1).write(tmp_path)
    text, changed = re.subn(
        rf'^{key} = ".*"$',
        f'{key} = "{word}"',
        site.read_text(encoding="utf-8"),
        count=1,
        flags=re.MULTILINE,
    )
    assert changed
    site.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_site(site)
    assert refused.value.code == "site-invalid"
    assert refused.value.sentence == "This value in the site file is not known."
    assert wanted in refused.value.wanted
    assert "未知" in refused.value.in_words("zh")


def test_a_table_is_not_called_a_column(tmp_path: Path) -> None:
    site = Furnaces(heats=1).write(tmp_path)
    inputs = site.read_text(encoding="utf-8").partition("[inputs]")
    site.write_text(
        inputs[0]
        + "[inputs]\nbatches = '/elsewhere/batches.csv'\n["
        + inputs[2].partition("\n[")[2],
        encoding="utf-8",
    )
    outcome = do(Task(str(site), {}, None, "en", str(tmp_path / "out"), "check", ()))
    assert outcome.refused is not None
    for text in (outcome.refusal, page.of_checks("G", None, [outcome], "en", MADE)):
        assert "column 'inputs'" not in text.replace("&#39;", "'")
        assert "site.toml, [inputs]" in text
