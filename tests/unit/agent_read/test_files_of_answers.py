"""A file of an answer that cannot be written is refused in words, and a promise that is refused
leaves no number behind.
"""

from __future__ import annotations

import os
import pty
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import InputError
from reporting_agent.cli import main


def test_a_folder_that_is_not_there_is_refused_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("a password", encoding="utf-8")
    assert main(["audit", "none/audit", "--password-file", "password"]) == 1
    assert "[output-not-writable]" in capsys.readouterr().err


def test_a_promise_that_is_refused_leaves_no_number_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("a password", encoding="utf-8")
    monkeypatch.setattr("benchmarks.audit.signed_draws.promise", _refuses)
    assert main(["audit", "audit", "--about", "works-2/2025", "--password-file", "password"]) == 1
    assert not (tmp_path / "audit" / "nonce").exists()


def _refuses(*_: Any, **__: Any) -> bytes:
    raise InputError("no-such-site", "There is no such site.", "Correct it.")


@pytest.mark.parametrize(("second", "code"), [("right horse", 0), ("rihgt horse", 2)])
def test_a_new_password_is_typed_twice_and_a_slip_makes_no_keys(
    tmp_path: Path, second: str, code: int
) -> None:
    keys, typed = tmp_path / "auditor.pem", iter(("right horse", second))
    child, terminal = pty.fork()
    if child == 0:
        os.execv(  # noqa: S606 - ourselves
            sys.executable,
            [sys.executable, "-m", "reporting_agent", "audit", str(tmp_path / "audit")],
        )
    screen = b""
    with suppress(OSError):  # the terminal ends with the command
        while part := os.read(terminal, 4096):
            screen += part
            if screen.rstrip().endswith((b"keys:", b"more:")) and part.strip():
                os.write(terminal, next(typed).encode() + b"\n")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code, screen
    assert keys.exists() is (code == 0)
    assert (b"password-differs" in screen) is (code != 0)
