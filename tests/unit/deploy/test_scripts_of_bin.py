"""`bin/`: what was cut short is begun again, a folder may have any name, and a bundle is installed
as it was made or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BIN = Path(__file__).parents[3] / "bin"


def program(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(("#!/bin/sh", *lines, "")), "utf-8")
    file.chmod(0o755)
    return file


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One whose folder has a name as people give them, with what the scripts read of it."""
    folder = tmp_path / "Li Wei's works"
    shutil.copytree(BIN, folder / "bin")
    for name in (
        "requirements/installer.txt",
        "requirements/portal.txt",
        "requirements/agent.txt",
        "pyproject.toml",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("", "utf-8")
    return folder


def test_an_environment_that_was_made_without_pip_is_made_again(checkout: Path) -> None:
    """As Debian's Python leaves it where python3-venv is missing: the next run comes after apt-get
    install.
    """
    program(checkout / ".venv" / "bin" / "python", "echo 'No module named pip' >&2; exit 1")
    whole = program(checkout / "whole", "exit 0")
    python = program(
        checkout / "python3",
        '[ "$1" != -m ] || { cp "$(dirname "$0")/whole" .venv/bin/python; cp .venv/bin/python '
        ".venv/bin/uv; }",
    )
    ran = run(checkout / "bin" / "set-up", "portal", PYTHON=str(python))
    assert ran.returncode == 0, ran.stderr
    assert (checkout / ".venv" / "bin" / "python").read_text("utf-8") == whole.read_text("utf-8")
    assert (checkout / ".venv" / ".portal.installed").exists()


def test_a_bundle_is_made_in_a_checkout_whose_folder_has_a_name_of_several_words(
    checkout: Path,
) -> None:
    program(checkout / ".venv" / "bin" / "uv", "exit 0")
    program(checkout / ".venv" / "bin" / "python", 'echo "$@"; exit 9')
    ran = run(checkout / "bin" / "bundle", checkout / "the bundle")
    assert "-m pip --quiet --disable-pip-version-check download" in ran.stdout, ran.stderr
    assert ran.returncode == 9, "what was asked for could not be had"


@pytest.mark.parametrize("added", ["service/systemd/cron.service", "wheels/another.whl", ".hidden"])
def test_a_bundle_with_a_file_that_its_list_does_not_name_is_not_installed(
    tmp_path: Path, added: str
) -> None:
    """Whoever carries it cannot change the list, whose digest was read out; a unit beside ours
    would be run by systemd as root.
    """
    bundle = tmp_path / "the bundle"
    (text,) = re.findall(
        r"<<'INSTALL'\n(.*?)\nINSTALL\n", (BIN / "bundle").read_text("utf-8"), re.DOTALL
    )
    install = program(bundle / "install", *text.splitlines()[1:])
    for name in (
        "agent.txt",
        "service/systemd/ours.service",
        "wheels/steplabel_agent-1-py3-none-any.whl",
    ):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text(name, "utf-8")
    named = sorted(
        file.relative_to(bundle).as_posix() for file in bundle.rglob("*") if file.is_file()
    )
    sums = [
        f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in named
    ]
    (bundle / "SHA256SUMS").write_text("".join(sums), "utf-8")
    python = program(
        tmp_path / "python3",
        'mkdir -p "$3/bin"; for one in python steplabel-agent; do cp /bin/true "$3/bin/$one"; done',
    )
    assert run(install, tmp_path / "whole", PYTHON=str(python)).returncode == 0
    (bundle / added).write_text("", "utf-8")
    refused = run(install, tmp_path / "more", PYTHON=str(python))
    assert refused.returncode != 0
    assert "other files than SHA256SUMS names" in refused.stderr
    assert not (tmp_path / "more").exists()
