"""A file of an answer that cannot be written is refused in words, and a promise that is refused leaves no number behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import InputError
from reporting_agent.cli import main


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconcile", "--template", "none/papers.xlsx"],
        ["auditor", "--keys", "none/keys.pem", "--password-file", "password"],
    ],
)
def test_a_folder_that_is_not_there_is_refused_in_words(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("a password", encoding="utf-8")
    assert main(arguments) == 1
    assert "[output-not-writable]" in capsys.readouterr().err


def test_a_promise_that_is_refused_leaves_no_number_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("a password", encoding="utf-8")
    keys = ["--keys", "keys.pem", "--password-file", "password"]
    assert main(["auditor", *keys]) == 0
    monkeypatch.setattr("benchmarks.audit.signed_draws.promise", _refuses)
    assert main(["draw", *keys, "--nonce", "nonce", "--about", "works-2/2025"]) == 1
    assert not (tmp_path / "nonce").exists()


def _refuses(*_: Any, **__: Any) -> bytes:
    raise InputError("no-such-site", "There is no such site.", "Correct it.")
