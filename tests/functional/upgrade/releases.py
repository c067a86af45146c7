"""The last release as files: its two databases as it left them, its keys, its agents' states, and a
report about to be sent.

`python -m tests.functional.upgrade.releases COMMIT` makes them by running that commit's own portal
and agents on PostgreSQL and Redis, and writes `last-release.tar.xz` beside this module. The tests
read the files and need neither that commit nor its history.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.functional.installation.conftest import Installation, set_up
from tests.functional.installation.supervised import ROOT
from tests.functional.upgrade.plants import VERSION
from tests.servers import postgres, redis

HERE = Path(__file__).parent
FILE = HERE / "last-release.tar.xz"
DATABASES = ("default", "vault")
YEARS = tuple(str(year) for year in range(2014, 2019))
REGISTER = f"""
jurisdictions = [{{ path = "cn", name = "China" }}]
firms = [{{ name = "Firm" }}]
organisations = [{{ name = "Works", kind = "enterprise", firm = "Firm" }}]
peer_groups = [{{ pack = "steel", scope = "cn", periods = [{", ".join(f'{{ name = "{year}" }}' for year in YEARS)}] }}]
"""
SITE = (
    '[[sites]]\nid = "works-{}"\nname = "Works"\norganisation = "Works"\njurisdiction = '
    '"cn"\npack = "steel"\n'
)
SITES = 4
"""works-0 has two reports that were accepted; of works-1 one waits for the worker; works-2 has
sealed one; works-3 is not enrolled.
"""


PACKS = """
import json
from benchmarks import packs
from benchmarks.errors import SteplabelError
found = {}
for file in packs.HOME.glob("*.toml"):
    pack, _, version = file.stem.partition("-")
    try:
        read = packs.load(pack, version or None)
    except SteplabelError:
        continue
    found[f"{read.id} {read.version}"] = packs.digest(read).hex()
print(json.dumps(found))
"""
"""Digest of every version of a pack that comes with a release."""


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """That commit's files, beside this checkout; needs its history."""
    with tempfile.TemporaryDirectory(prefix="steplabel-release-") as folder:
        tree = Path(folder) / "tree"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", tree, commit], cwd=ROOT, check=True
        )
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def prepare(installation: Installation, version: str = VERSION) -> None:
    """Keys that last, and who takes part, by that version of the pack."""
    register = installation.folder / "register.toml"
    register.write_text(REGISTER + "".join(SITE.format(number) for number in range(SITES)), "utf-8")
    installation.operate("make_keys", "--years", "70")
    installation.operate("register", str(register))
    installation.program(
        "from portal.catalogue.models import "
        f'PeerGroup\nPeerGroup.objects.update(pack_version="{version}")',
        "operator",
    ).check_returncode()


def token(installation: Installation, site: str) -> str:
    return installation.operate("issue_token", site).strip()


def report(
    root: Path, port: int, asked: Sequence[dict[str, Any]], python: str = sys.executable
) -> list[dict[str, Any]]:
    """What `plants` answers, run with the code of that root (or what is installed for that Python,
    before it).
    """
    program = (
        f"import runpy, sys; sys.path.append({str(root)!r}); "
        f"runpy.run_path({str(HERE / 'plants.py')!r}, run_name='__main__')"
    )
    ran = _run(
        root,
        program,
        str(port),
        lines="".join(json.dumps(request) + "\n" for request in asked),
        python=python,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _run(
    root: Path, program: str, *arguments: str, lines: str = "", python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root) if python == sys.executable else "",
    }
    command = [python, "-c", program, *arguments]
    ran = subprocess.run(
        command, input=lines, env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran


def port_of(installation: Installation) -> int:
    return int(installation.address.rpartition(":")[2])


def states(url: str) -> dict[str, str]:
    """Of every report, by its digest."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT digest, state FROM intake_submission").fetchall())


def record(commit: str) -> int:
    """Run that release, and write what it left; the size of the file."""
    with (
        tempfile.TemporaryDirectory(prefix="steplabel-recorded-") as folder,
        worktree(commit) as tree,
    ):
        servers, home = Path(folder), Path(folder) / "home"
        servers.chmod(0o755)
        home.mkdir()
        with postgres.serve(servers) as database, redis.serve(servers) as store:
            os.environ |= {**database.environment, **store.environment}
            with set_up(home, {"REDIS_URL": os.environ["REDIS_URL"]}, tree) as installation:
                prepare(installation)
                _live(installation, tree)
                for name, url in zip(
                    DATABASES, (installation.default_url, installation.vault_url), strict=True
                ):
                    (home / f"{name}.sql").write_text(_dumped(url), "utf-8")
        names = ["keys", "agents", *(f"{name}.sql" for name in DATABASES)]
        (home / "commit").write_text(commit, "ascii")
        (home / "packs.json").write_text(_run(tree, PACKS).stdout, "utf-8")
        with (
            lzma.open(FILE, "wb", preset=9) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            for name in [*names, "commit", "packs.json"]:
                archive.add(home / name, name, filter=_plain)
    return FILE.stat().st_size


def _live(installation: Installation, tree: Path) -> None:
    agents = installation.folder / "agents"
    agents.mkdir()
    tokens = [token(installation, f"works-{number}") for number in range(SITES - 1)]
    with installation.served():
        with installation.running("worker"):
            answers = report(
                tree,
                port_of(installation),
                [{"state": str(agents / "works-0"), "token": tokens[0], "years": YEARS[:2]}],
            )
            deadline = time.monotonic() + 120
            while set(states(installation.default_url).values()) != {"accepted"}:
                assert time.monotonic() < deadline, (answers, states(installation.default_url))
                time.sleep(1)
        asked: list[dict[str, Any]] = [
            {"state": str(agents / "works-1"), "token": tokens[1], "years": YEARS[:1]},
            {
                "state": str(agents / "works-2"),
                "token": tokens[2],
                "years": YEARS[:1],
                "held_back": True,
            },
        ]
        answers = report(tree, port_of(installation), asked)
        assert [answer["refusal"] for answer in answers] == ["", "portal-unreachable"], answers
    assert sorted(states(installation.default_url).values()) == ["accepted", "accepted", "received"]


def _dumped(url: str) -> str:
    """A whole database as statements; without psql's own lines, which newer releases of pg_dump
    write.
    """
    command = ["pg_dump", "--column-inserts", "--no-owner", "--no-privileges", "--dbname", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r"^\\.*\n", "", text, flags=re.MULTILINE)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def unpacked(folder: Path) -> Path:
    with tarfile.open(FILE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def statements(dump: Path) -> tuple[str, list[str]]:
    """A dump, and of it what writes rows."""
    text = dump.read_text("utf-8")
    return text, re.findall(r"^INSERT INTO .*?\);$", text, re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    print(f"{record(sys.argv[1]):,} bytes in {FILE}")
