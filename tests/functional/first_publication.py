"""Walk docs/portal.md on a bare Debian, from nothing to a trial sector that is published: `python3 -m
tests.functional.first_publication`.

As root, on a machine that may be thrown away: it installs packages, users and services. `./install`
is killed again and again before it is let run to its end, then run once more; Redis is stopped, and
the trial is taken back. Where systemd does not run, the processes are started without it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "portal.example"
ASKS = ("changepassword",)
"""Commands that ask a person at the terminal."""
PLANTS = 10
KILLED_AFTER_S = (5, 20, 45, 60)
ASKED = f"curl --silent --fail --cacert /etc/ssl/steplabel/portal.crt https://{NAME}"
TRIAL = f"./install --host {NAME} --trial"
REGISTER = "deploy/as operator python manage.py register docs/register.toml"

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


class Walk:
    """One shell for all lines, so that `cd` and `export` hold; stops at the first that fails."""

    def __init__(self) -> None:
        self.not_run: list[str] = []
        environment = {
            **os.environ,
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
        else:
            self.run(line)


def main() -> int:
    walk = Walk()
    options = "--yes" if Path("/run/systemd/system").exists() else "--yes --no-systemd"
    for seconds in KILLED_AFTER_S:
        walk.run(f"timeout --signal KILL {seconds} {TRIAL} {options} || test $? = 137")
    walk.run(f"{TRIAL} {options}")
    walk.run(f"{ASKED}/api/v1/benchmarks/ | grep --quiet cement")
    walk.run(f"./install {options}")
    walk.run("redis-cli shutdown nosave || true")
    for page in ("/", "/sign-in/", "/api/v1/benchmarks/"):
        walk.run(f"{ASKED}{page} >/dev/null")
    walk.run(f"{TRIAL.replace('--trial', '--end-trial')} {options}")
    walk.run(f"! {ASKED}/api/v1/benchmarks/ | grep cement")
    walk.run(f"cd /opt/steplabel && {REGISTER}")
    walk.run(f"cd {ROOT} && ! ./install --end-trial {options}")  # somebody is in it now
    return 0


if __name__ == "__main__":
    sys.exit(main())
