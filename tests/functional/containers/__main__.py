"""Walk *In containers* of docs/portal.md, from nothing to the first publication: `.venv/bin/python
-m tests.functional.containers`.

After `bin/set-up dev`, as root, on a machine with Docker and its compose plugin. The commands are
read out of the page and run one after the other by one shell in a copy of the checkout. Ten
simulated plants then enrol and report through a proxy with TLS, by the agent of the checkout; what
people do on pages is done by the services behind them, in the operator's container. After it: a web
worker, granian itself and a worker killed.

Where no registry of images is reached, images that are built from Debian's packages stand for
`python`, `postgres` and `redis` (`stand_ins/`): the portal's own image is built on them as on the
real ones. Which these were is said at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.functional.first_publication import (
    NAME,
    OPENED,
    PLANTS,
    PUBLISH,
    ROOT,
    TAKE_PART,
    TOKENS,
    Walk,
)
from tests.servers import nginx

SECTION = "### In containers"
STAND_INS = Path(__file__).with_name("stand_ins")
STANDING_FOR = {
    "python": "python:3.11-slim-bookworm",
    "postgres": "postgres:15-bookworm",
    "redis": "redis:7.2-bookworm",
}
DEBIAN = "steplabel-stand-in-debian"
PORTS = (8001, 8002)
BACK_S = 60

REPORT = """
import subprocess, sys
from pathlib import Path
from fixtures.simulator import Sector
folder, portal, certificate = sys.argv[1:]
tokens = dict(line.split() for line in sys.stdin)
for plant in Sector("cement", 1, {plants}).plants:
    own = Path(folder) / plant.site
    plant.write(own)
    more = ["--state", own / "state", "--ca-file", certificate]
    enrol = ["enrol", "--portal", portal, "--token", tokens[plant.site]]
    for asked in (enrol, ["submit", "--site", own / "site.toml", "--period", str(plant.year)]):
        subprocess.run([Path(sys.executable).parent / "steplabel-agent", *asked, *more], check=True, stdout=subprocess.DEVNULL)
"""


def page() -> str:
    return (ROOT / "docs" / "portal.md").read_text("utf-8")


def _blocks() -> list[list[str]]:
    """The section's blocks of lines, without what stands behind `#`."""
    section = page().split(SECTION, 1)[1].split("\n### ", 1)[0]
    blocks = re.findall(r"(?:^ {4}\S.*\n)+", section, re.MULTILINE)
    return [
        [re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines()] for block in blocks
    ]


def commands() -> list[str]:
    """What installs it."""
    return _blocks()[0]


def duties() -> list[str]:
    """What an operator does there: backup, checks, an upgrade."""
    return _blocks()[1]


def docker(*arguments: str | Path) -> str:
    """Its answer; ends the walk with its errors where it fails."""
    ran = subprocess.run(
        ["docker", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit(
            "docker "
            f"{' '.join(map(str, arguments))[:200]}\n{ran.stdout[-1000:]}{ran.stderr[-3000:]}"
        )
    return ran.stdout


def stand_in(folder: Path) -> list[str]:
    """Build what no registry gives; the names of the images that were built."""
    missing = {
        short: image
        for short, image in STANDING_FOR.items()
        if subprocess.run(
            ["docker", "pull", "--quiet", image], capture_output=True, check=False
        ).returncode
    }
    if missing and not docker("images", "--quiet", DEBIAN):
        root = folder / "debian"
        subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        # the certificates and addresses of this machine, as an administrator would give any new one
        shutil.copy(
            "/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt"
        )
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as files:
            changes = [
                f"--change=ENV {name}={value}"
                for name, value in os.environ.items()
                if name in ("SSL_CERT_FILE", "PIP_CERT")
            ]
            subprocess.run(
                ["docker", "import", *changes, "-", DEBIAN],
                stdin=files.stdout,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        shutil.rmtree(root)
    for short, image in missing.items():
        docker(
            "build",
            "--quiet",
            "--tag",
            image,
            "--file",
            STAND_INS / f"{short}.Dockerfile",
            STAND_INS,
        )
    return list(missing.values())


class Installation:
    """The containers of one copy of the checkout."""

    def __init__(self, copy: Path) -> None:
        self.folder = copy / "docker"

    def compose(self, *arguments: str | Path) -> str:
        return docker("compose", "--project-directory", self.folder, *arguments)

    def operator(self, program: str) -> str:
        """A program as operator, in its container; the simulator, which no image holds, is read
        from the checkout.
        """
        mounted = (
            "--volume",
            f"{ROOT}:/checkout:ro",
            "--env",
            "PYTHONPATH=/checkout",
            "--env",
            "STEPLABEL_ROLE=operator",
        )
        return self.compose(
            "run",
            "--rm",
            "--no-TTY",
            *mounted,
            "--entrypoint",
            "python",
            "operator",
            "-c",
            program.format(plants=PLANTS),
        )

    def processes(self, service: str, named: str) -> list[int]:
        """Their numbers on this machine, the oldest first."""
        rows = docker(
            "top", self.compose("ps", "--quiet", service).strip(), "-eo", "pid,args"
        ).splitlines()[1:]
        return sorted(int(row.split()[0]) for row in rows if named in row)

    def check(self, *more: str | Path) -> str:
        """What `check_installation` says, whatever its status."""
        command = (
            "docker",
            "compose",
            "--project-directory",
            self.folder,
            "run",
            "--rm",
            "--no-TTY",
            *more,
            "operator",
            "check_installation",
        )
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return f"{ran.stdout}{ran.stderr}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.functional.containers", description=__doc__
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the containers and the copy of the checkout"
    )
    keep = parser.parse_args().keep
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        sys.exit(
            "No engine answers `docker info`: on Debian, `apt-get install docker.io` and a "
            "compose plugin. Nothing was walked."
        )
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="steplabel-containers-"))
        folder.chmod(0o755)
        images = stand_in(folder)
        copy = folder / "steplabel"
        subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        walk, installation = Walk(), Installation(copy)
        if not keep:
            stack.callback(installation.compose, "down", "--volumes", "--timeout", "5")
        install(walk, copy)
        report_and_publish(stack, installation, folder)
        for line in duties():
            walk.line(line)
        for line in killed(installation):
            print(line, flush=True)
    print("Not run as the page says it:")
    print(
        "\n".join(
            f"- {what}"
            for what in (
                *walk.not_run,
                *(f"{image}: built from Debian's packages" for image in images),
            )
        )
    )
    return 0


def install(walk: Walk, copy: Path) -> None:
    """The page's lines, on keys made here."""
    walk.run(f"cd {copy}")
    walk.run(
        f"STEPLABEL_VAR={copy}/var {sys.executable} {ROOT}/manage.py make_keys --dir {copy}/keys"
    )
    for line in commands():
        walk.line(line)
    print(f"/healthz: {asked('healthz')}")


def asked(path: str) -> str:
    """The web's answer, under the portal's name and as behind its proxy. HTTPException, OSError: it
    has none.
    """
    connection = HTTPConnection("127.0.0.1", PORTS[0], timeout=2)
    try:
        connection.request(
            "GET",
            f"/{path}",
            headers={"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"},
        )
        return connection.getresponse().read().decode().strip()
    finally:
        connection.close()


def report_and_publish(stack: ExitStack, installation: Installation, folder: Path) -> None:
    """Ten plants, by the agent of the checkout, through the sample proxy."""
    proxy = folder / "proxy"
    proxy.mkdir()
    address = stack.enter_context(nginx.serve(proxy, *PORTS))
    stack.enter_context(known_here(NAME))
    installation.operator(TAKE_PART)
    tokens = installation.operator(TOKENS)
    portal = f"https://{NAME}:{address.rpartition(':')[2]}"
    program: list[str | Path] = [
        sys.executable,
        "-c",
        REPORT.format(plants=PLANTS),
        folder / "plants",
        portal,
        proxy / "portal.pem",
    ]
    subprocess.run(program, cwd=ROOT, input=tokens, text=True, check=True)
    until = time.monotonic() + 180
    while int(installation.operator(OPENED)) < PLANTS:
        if time.monotonic() > until:
            sys.exit(
                "The worker did not open every report in 180 "
                f"s.\n{installation.compose('logs', '--tail', '50', 'worker')}"
            )
    print(installation.operator(PUBLISH).strip())
    subprocess.run(
        [
            "curl",
            "--silent",
            "--fail",
            "--cacert",
            proxy / "portal.pem",
            f"{portal}/api/v1/benchmarks/",
        ],
        check=True,
    )
    print(f"\nPublished, of {PLANTS} plants.")


@contextmanager
def known_here(name: str) -> Iterator[None]:
    """The name leads to this machine, as a name server will have it."""
    hosts = Path("/etc/hosts")
    before = hosts.read_text("utf-8")
    hosts.write_text(f"{before.rstrip()}\n127.0.0.1 {name}\n", "utf-8")
    try:
        yield
    finally:
        hosts.write_text(before, "utf-8")


def killed(installation: Installation) -> Iterator[str]:
    """Seconds until the portal answers again, and until a worker has opened what waits."""
    for what, chosen in (
        ("a worker of granian", slice(1, 2)),
        ("granian itself", slice(1)),
        ("granian and its workers", slice(None)),
    ):
        for process in installation.processes("web", "granian")[chosen]:
            os.kill(process, signal.SIGKILL)
        yield f"{what} killed: the web answers after {_answered_s():.1f} s"
    for process in installation.processes("worker", "celery"):
        os.kill(process, signal.SIGKILL)
    start = time.monotonic()
    while not installation.processes("worker", "celery"):
        if time.monotonic() > start + BACK_S:
            sys.exit(f"No worker {BACK_S} s after it was killed.")
        time.sleep(0.2)
    yield f"the worker killed: it runs again after {time.monotonic() - start:.1f} s"


def _answered_s() -> float:
    """Until ten answers in a row, a tenth of a second apart."""
    start, in_a_row = time.monotonic(), 0
    while in_a_row < 10:
        try:
            in_a_row = in_a_row + 1 if asked("healthz") == "ok" else 0
        except (HTTPException, OSError):
            in_a_row = 0
        if time.monotonic() > start + BACK_S:
            sys.exit(f"The web did not answer {BACK_S} s after it was killed.")
        time.sleep(0.1)
    return time.monotonic() - start - 1.0


if __name__ == "__main__":
    sys.exit(main())
