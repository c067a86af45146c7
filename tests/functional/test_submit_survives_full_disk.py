"""`submit` on a disk that takes no more, really: the operating system refuses the writes, at every
size there is to be refused.

Once by a limit on the size of files (RLIMIT_FSIZE), which a process of its own runs under, and
once, where the tests may mount, in a file system of a few hundred kilobytes that is full. Whatever
was refused, the ledger is never below what was drawn, and with room again the same command ends
with one report.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.test_submit_survives_kill import (
    ROOT,
    Plant,
    Server,
    plant,
    server,
    whole_report,
)

__all__ = ["plant", "server"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts of Linux")

LIMITS_KIB = [64, *(pytest.param(kib, marks=pytest.mark.long) for kib in (1, 16, 110))]
"""Of the largest file: from nothing at all to the size at which this plant's report goes through;
one between in the short form.
"""

LIMITED = """
import resource, signal, sys
from reporting_agent.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # cut short by the limit, it would be there for every process after this one
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.exit(main(sys.argv[1:]))
"""


def limited(plant: Plant, limit: int) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        LIMITED,
        str(limit),
        "submit",
        "--site",
        str(plant.site),
        "--period",
        "2016",
    ]
    return subprocess.run(
        [*command, "--state", str(plant.state), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def state_of(plant: Plant) -> str | None:
    rows = plant.rows("SELECT state FROM parcel")
    return None if not rows else str(rows[0][0])


def require_sound(plant: Plant, server: Server) -> None:
    """Nothing debited without a challenge, nothing sealed or sent without its debits."""
    state, debits = state_of(plant), plant.rows("SELECT COUNT(*) FROM ledger")[0][0]
    assert debits in (0, 240)
    if state in (None, "planned", "committed", "challenged"):
        assert (debits, server.portal.bodies) == (0, [])
    else:
        assert debits == 240
    assert len(server.portal.challenges) <= 1


@pytest.mark.parametrize("kib", LIMITS_KIB)
def test_a_file_that_may_grow_no_more_ends_in_a_refusal_and_the_next_run_finishes(
    plant: Plant, server: Server, kib: int
) -> None:
    refused = limited(plant, kib * 1024)
    assert refused.returncode in (0, 1), refused.stderr
    if refused.returncode == 1:
        assert json.loads(refused.stdout)["error"]["code"] == "state-not-written", refused.stdout
    assert "Traceback" not in refused.stderr
    require_sound(plant, server)

    assert plant.submit().returncode == 0
    assert set(server.portal.bodies) == {whole_report(server)}
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(240,)]


def test_the_limits_refuse_at_several_steps(plant: Plant, server: Server) -> None:
    """The test above is worth something: from one small limit to the next larger, the run comes
    farther each time or as far.
    """
    reached: list[str | None] = []
    for kib in range(4, 200, 24):
        if limited(plant, kib * 1024).returncode == 0:
            break
        reached.append(state_of(plant))
        require_sound(plant, server)
    assert {None, "challenged"} <= set(reached)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 640 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting needs root")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=640k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this system does not let the tests mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_file_system_ends_in_a_refusal_and_with_room_again_in_one_report(
    plant: Plant, server: Server, small_disk: Path
) -> None:
    for file in plant.state.iterdir():
        shutil.copy2(file, small_disk / file.name)
    plant.state = small_disk
    ballast = small_disk / "ballast"
    codes = []
    for room in (0, 16, 48, 96):  # KiB left for the agent, more from run to run
        _fill(ballast, room * 1024)
        ran = plant.submit()
        codes.append(ran.returncode)
        assert "Traceback" not in ran.stderr
        if ran.returncode == 1:
            assert json.loads(ran.stdout)["error"]["code"] == "state-not-written"
        ballast.unlink()
        require_sound(plant, server)
    assert codes[0] == 1
    assert plant.submit().returncode == 0
    assert set(server.portal.bodies) == {whole_report(server)}
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(240,)]


def _fill(ballast: Path, room: int) -> None:
    free = os.statvfs(ballast.parent).f_bavail * os.statvfs(ballast.parent).f_frsize
    ballast.write_bytes(bytes(max(0, free - room)))
