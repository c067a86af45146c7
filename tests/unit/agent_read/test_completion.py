"""The completion script, sourced by a real bash."""

from __future__ import annotations

import subprocess

import pytest

from reporting_agent import cli


def completed(script: str, *typed: str) -> set[str]:
    words = " ".join(f"'{word}'" for word in ("steplabel-agent", *typed))
    ask = (
        f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}; _steplabel_agent; echo "
        f'"${{COMPREPLY[@]}}"'
    )
    return set(
        subprocess.run(
            ["bash", "-c", ask], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_bash_completes_commands_options_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--completion", "bash"])
    script = capsys.readouterr().out
    assert ended.value.code == 0
    assert completed(script, "la") == {"label"}
    assert set(cli.COMMANDS) <= completed(script, "")
    assert completed(script, "label", "--per") == {"--period"}
    assert {"check", "numbers", "diff", "fetch"} <= completed(script, "pack", "")
