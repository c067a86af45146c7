"""`audit --about`: a promise is of a period that there can be, and the file of one that was made
before stays.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting_agent.cli import main


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Of an audit, with the auditor's keys beside it."""
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    assert main(["audit", str(tmp_path / "audit"), *password(tmp_path)]) == 0
    capsys.readouterr()
    return tmp_path / "audit"


def password(beside: Path) -> tuple[str, str]:
    return ("--password-file", str(beside / "password"))


def promise(folder: Path, about: str) -> int:
    return main(["audit", str(folder), "--about", about, *password(folder.parent)])


@pytest.mark.parametrize("about", ["works-2/2025/", "works-2/20x5", "works-2/2025-13", "/2025"])
def test_a_period_that_there_is_not_makes_no_promise(folder: Path, about: str) -> None:
    assert promise(folder, about) != 0
    assert not (folder / "nonce").exists()


def test_a_promise_stays_where_its_number_was_moved_away(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promise(folder, "works-2/2025") == 0
    (folder / "nonce").rename(folder / "elsewhere")
    before = (folder / "promise").read_bytes()
    capsys.readouterr()
    assert promise(folder, "works-3/2025") != 0
    assert "promise" in capsys.readouterr().err
    assert (folder / "promise").read_bytes() == before
