"""A worker killed with SIGKILL while it opens a report: after a restart the report is there once,
and nothing twice.

Real processes on the embedded default: one prepares a portal with one submission, one dies at a
given point, one restarts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.dying_worker import SWEEP

pytestmark = pytest.mark.xdist_group("worker-killed")  # one portal is prepared for all

ROOT = Path(__file__).parents[2]

PREPARE = """
from django.core.management import call_command
from django.apps import apps
from django.conf import settings
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # from the models, as all tests' databases
call_command("migrate", database="default", run_syncdb=True, verbosity=0)
call_command("migrate", database="vault", run_syncdb=True, verbosity=0)
from tests.integration import portal_cast as casting
from portal import keys
from portal.intake import receiving as intake
casting.make_portal_keys(settings.VAR / "keys")
cast = casting.make_cast(plants=1)
intake.receive(cast.plants[0].envelope(cast.pack), keys.published_directory(), keys.receipt_key(), casting.NOW)
"""

COUNT = """
import json
from portal.intake.models import Submission
from portal.translog.models import LogEntry
from portal.opening.models import OpenedReport
from portal.standings.models import ProtectedValue
from portal.auditlog.models import Event
print(json.dumps({
    "states": list(Submission.objects.values_list("state", flat=True)),
    "log": LogEntry.objects.filter(kind="envelope").count(),
    "opened": OpenedReport.objects.count(),
    "values": ProtectedValue.objects.count(),
    "accepted": Event.objects.filter(action="submission.accepted").count(),
}))
"""


def run(program: str, var: Path, role: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PROCESSING_KEY_FILE"},
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
        "STEPLABEL_VAR": str(var),
        "STEPLABEL_ROLE": role,
    }
    start = "import django; django.setup()\n"
    return subprocess.run(
        [sys.executable, "-c", start + program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


LONG = pytest.mark.long
POINTS = [
    pytest.param("claim", True, marks=LONG),
    ("keep", True),
    pytest.param("opened", False, marks=LONG),
    pytest.param("keep", False, marks=LONG),
    pytest.param("settle", False, marks=LONG),
    ("settle", True),
]
"""A step of opening, and whether the worker dies just before it or just after."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal with one submission, to be copied."""
    var = tmp_path_factory.mktemp("prepared")
    ran = run(PREPARE, var, "operator")
    assert ran.returncode == 0, ran.stderr
    return var


@pytest.mark.parametrize(("point", "after"), POINTS)
def test_a_worker_killed_while_opening_leaves_nothing_that_a_restart_does_not_finish(
    tmp_path: Path, prepared: Path, point: str, after: bool
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    killed = run(SWEEP.format(point=point, after=after), tmp_path, "worker")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    restarted = run(SWEEP.format(point="", after=False), tmp_path, "worker")
    assert restarted.returncode == 0, restarted.stderr
    counted = json.loads(run(COUNT, tmp_path, "operator").stdout)
    values = counted.pop("values")
    assert counted == {"states": ["accepted"], "log": 1, "opened": 1, "accepted": 1}
    again = run(SWEEP.format(point="", after=False), tmp_path, "worker")
    assert again.returncode == 0, again.stderr
    assert json.loads(run(COUNT, tmp_path, "operator").stdout) == {**counted, "values": values}
    assert values > 0
