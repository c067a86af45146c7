"""The procedures of docs/runbook.md, run as they stand there: the indented lines under a heading,
by one shell that ends at an error.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.functional.outages.servers import Cluster
from tests.servers import unprivileged

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook.md"


def lines_of(heading: str) -> list[str]:
    """What is to be typed under that heading."""
    section = re.split(
        rf"^## {re.escape(heading)}$", RUNBOOK.read_text("utf-8"), flags=re.MULTILINE
    )[1]
    section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
    commands = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    assert commands, heading
    return commands


def run(
    heading: str, primary: Cluster, replica: Cluster | None, archive: Path, base: Path, **more: str
) -> None:
    """As the user of the database server."""
    primary_starts, replica_starts = (_script(cluster) for cluster in (primary, replica or primary))
    environment = {
        "PATH": f"{primary.programs}:{os.environ['PATH']}",
        "PGUSER": "postgres",
        "PGPORT": str(primary.port),
        "PRIMARY": primary.address,
        "PRIMARY_DATA": str(primary.data),
        "START_PRIMARY": primary_starts,
        "ARCHIVE": str(archive),
        "BASE": str(base),
        "START_REPLICA": replica_starts,
        **more,
    }
    if replica is not None:
        environment |= {"REPLICA": replica.address, "REPLICA_DATA": str(replica.data)}
    script = "set -eux\n" + "\n".join(lines_of(heading))
    log = archive.with_name("procedures.log")
    with log.open("ab") as output:  # not a pipe: a server that is started here would hold it open
        done = subprocess.run(
            ["bash", "-c", script],
            env=environment,
            cwd="/",
            stdout=output,
            stderr=output,
            check=False,
            **unprivileged(),
        )
    assert done.returncode == 0, log.read_text("utf-8", "replace")[-3000:]


def _script(cluster: Cluster) -> str:
    """How this machine starts that server, as one word."""
    script = cluster.beside / f"start-{cluster.data.name}"
    script.write_text(f"#!/bin/sh\nexec {shlex.join(cluster.start_command())}\n", "utf-8")
    script.chmod(0o755)
    return str(script)
