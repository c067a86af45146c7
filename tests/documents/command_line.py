"""The page of commands: the help of every command, as the program prints it on a screen of 100 columns."""

from __future__ import annotations

import os
import subprocess
import sys

from reporting_agent import extras
from reporting_agent.cli import COMMANDS
from tests.documents.refusals import ROOT

COLUMNS = "100"

HEAD = """# The command line

What `steplabel-agent --help` and `steplabel-agent COMMAND --help` print, built by
`python -m tests.documents`. What the commands do with files stands in [agent.md](../agent.md), what
they send and spend in [reporting.md](../reporting.md), every refusal in [errors.md](errors.md).
"""


def help_of(*command: str) -> str:
    """The help that the program itself prints."""
    environment = {**os.environ, "COLUMNS": COLUMNS, "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "reporting_agent.cli", *command, "--help"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in ran.stdout.strip().splitlines())


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## steplabel-agent", "", f"```text\n{help_of()}\n```"]
    for name in (*COMMANDS, *extras.installed(extras.COMMANDS)):
        parts += ["", f"## {name}", "", f"```text\n{help_of(name)}\n```"]
    return "\n".join(parts) + "\n"
