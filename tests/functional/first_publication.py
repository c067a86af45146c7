"""Walk docs/portal.md on a bare Debian, from nothing to the first publication: `python3 -m
tests.functional.first_publication`.

As root, on a machine that may be thrown away: it installs packages, users and services. The
commands are read out of the page and run one after the other by one shell. Where systemd does not
run, `systemctl` is not: servers of Debian's are started by their own programs, ours by the
ExecStart of their units as their users. What people do on pages is done by the services behind
them. All that is named.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path("/opt/steplabel")
SECTION = "## In production, from nothing to the first publication"
NAME = "portal.example"
ASKS = ("changepassword",)
"""Commands that ask a person at the terminal."""
PLANTS = 10

SERVERS = {
    "postgresql": "for c in /etc/postgresql/*/main; do pg_ctlcluster $(basename $(dirname $c)) "
    "main start; done",
    "redis-server": "mkdir -p /run/redis && chown redis: /run/redis && setpriv --reuid redis "
    "--regid redis --init-groups "
    "redis-server /etc/redis/redis-%i.conf --daemonize yes",
    "nginx": "nginx",
}

TAKE_PART = """
import django; django.setup()
from django.utils import timezone
from fixtures.simulator import Sector
from portal.demo.cast import declared
from portal.register.bringing import bring_to
bring_to(declared(Sector("cement", 1, {plants}), timezone.now().date()), timezone.now(), by="walk")
"""
TOKENS = """
import django; django.setup()
from django.utils import timezone
from fixtures.simulator import Sector
from portal import keys
from portal.accounts.models import Site
from portal.accounts.enrolling import issue_token
for plant in Sector("cement", 1, {plants}).plants:
    print(plant.site, issue_token(Site.objects.get(slug=plant.site), None, keys.published_directory().fingerprint, timezone.now()))
"""
REPORT = """
import subprocess, sys
from pathlib import Path
from fixtures.simulator import Sector
tokens = dict(line.split() for line in sys.stdin)
for plant in Sector("cement", 1, {plants}).plants:
    folder = Path(sys.argv[1]) / plant.site
    plant.write(folder)
    more = ["--state", folder / "state", "--ca-file", "/etc/ssl/steplabel/portal.crt"]
    enrol = ["enrol", "--portal", "https://{name}", "--token", tokens[plant.site]]
    for asked in (enrol, ["submit", "--site", folder / "site.toml", "--period", str(plant.year)]):
        subprocess.run([Path(sys.executable).parent / "steplabel-agent", *asked, *more], check=True)
"""
OPENED = """
import django; django.setup()
from portal.intake.models import Submission
print(Submission.objects.filter(state="accepted").count())
"""
PUBLISH = """
import django; django.setup()
from django.utils import timezone
from portal import keys
from portal.accounts.models import User
from portal.catalogue.models import ReportingPeriod
from portal.demo.cast import APPROVER, DRAFTER
from portal.intake.models import Submission
from portal.publication import drafting, publishing
from portal.standings import computing as standings
period = ReportingPeriod.objects.get(name=Submission.objects.values_list("period", flat=True).first())
drafter, approver = (User.objects.get(email=email) for email in (DRAFTER, APPROVER))
standings.compute(period, drafter.email, timezone.now())
print(publishing.publish(drafting.draft(period, drafter, timezone.now()), approver, keys.receipt_key(), timezone.now()).status)
"""


def commands() -> list[str]:
    """The page's own lines, without what stands behind `#`."""
    section = (
        (ROOT / "docs" / "portal.md")
        .read_text("utf-8")
        .split(SECTION, 1)[1]
        .split("\n## ", 1)[0]
        .split("\n### ", 1)[0]
    )
    return [
        re.sub(r"\s+#.*", "", line).strip()
        for line in re.findall(r"^ {8}(\S.*)$", section, re.MULTILINE)
    ]


class Walk:
    """One shell for all lines, so that `cd` and `export` hold; stops at the first that fails."""

    def __init__(self) -> None:
        self.not_run: list[str] = []
        environment = {
            **os.environ,
            "SOURCE": str(ROOT),
            "PORTAL": NAME,
            "MAIL": "mail.invalid",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        self.shell = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, line: str) -> None:
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        start = time.monotonic()
        print(f"$ {line}", flush=True)
        self.shell.stdin.write(
            f"{{ {line}\n}} </dev/null 2>&1\nended=$?; echo; echo __ended $ended\n"
        )
        self.shell.stdin.flush()
        output = []
        for answer in self.shell.stdout:
            if answer.startswith("__ended "):
                break
            output.append(answer)
        status = int(answer.split()[1])
        print(
            f"  {'ok' if status == 0 else f'FAILED ({status})'} after "
            f"{time.monotonic() - start:.1f} s",
            flush=True,
        )
        if status:
            sys.exit("".join(output[-30:]))

    def line(self, line: str) -> None:
        if any(word in line for word in ASKS):
            self.not_run.append(f"{line}: asks a person")
        elif line.startswith("systemctl ") and not Path("/run/systemd/system").exists():
            self.not_run.append(f"{line}: no systemd here; what it starts was started by hand")
            for name in line.split()[2:]:
                if not name.startswith("-"):
                    self.start(name)
        else:
            self.run(line)

    def start(self, name: str) -> None:
        """What systemctl would start: a server of Debian's, or the ExecStart of a unit of ours."""
        base, _, instance = name.partition("@")
        if command := SERVERS.get(base):
            self.run(command.replace("%i", instance))
            return
        file = Path("/etc/systemd/system") / f"{base}{'@' if instance else ''}.service"
        command = re.findall(r"^ExecStart=(.*)$", file.read_text("utf-8"), re.MULTILINE)[0].replace(
            "%i", instance
        )
        self.run(
            f"setsid deploy/as {base.removeprefix('steplabel-')} {command} >/var/log/{name}.log "
            "2>&1 & sleep 1"
        )


def operator(program: str) -> str:
    ran = subprocess.run(
        ["deploy/as", "operator", "python", "-c", program.format(plants=PLANTS)],
        cwd=INSTALLED,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit(ran.stderr[-3000:])
    return ran.stdout


def main() -> int:
    walk = Walk()
    for line in commands():
        walk.line(line)
    # what follows is done at plants and on pages
    operator(TAKE_PART)
    walk.not_run.append(
        "a register of ten firms: docs/register.toml has one, and the gate asks for more"
    )
    tokens = operator(TOKENS)
    hosts = Path("/etc/hosts")
    hosts.write_text(f"{hosts.read_text('utf-8')}\n127.0.0.1 {NAME}\n", "utf-8")
    program = REPORT.format(plants=PLANTS, name=NAME)
    ran = subprocess.run(
        [".venv/bin/python", "-c", program, "/root/plants"],
        cwd=INSTALLED,
        input=tokens,
        text=True,
        check=False,
    )
    if ran.returncode:
        return ran.returncode
    deadline = time.monotonic() + 180
    while int(operator(OPENED)) < PLANTS:
        if time.monotonic() > deadline:
            sys.exit(
                "The worker did not open every report in 180 s.\n"
                + Path("/var/log/steplabel-worker.log").read_text("utf-8")[-3000:]
            )
        time.sleep(2)
    print(operator(PUBLISH))
    walk.not_run.append("sign-in, draft and publication on pages: by the services behind them")
    walk.run(
        "curl --silent --fail --cacert /etc/ssl/steplabel/portal.crt "
        '"https://$PORTAL/api/v1/benchmarks/" | grep --quiet cement'
    )
    print("Published.\nNot run as the page says it:")
    print("\n".join(f"- {what}" for what in walk.not_run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
