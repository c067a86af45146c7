"""The agent as a program of its own against the real portal: killed at any step, one submission,
which the worker then opens.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from benchmarks.wire.schema import decode_report
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Device, Jurisdiction, Organisation, Role, Site
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.intake.models import Submission, SubmissionState
from portal.opening import unsealing as opening
from portal.opening.models import OpenedReport
from tests.functional.test_submit_survives_kill import TELLING, Plant, at_steps
from tests.unit.agent_send.cast import SITE

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
    pytest.mark.xdist_group("live-portal"),
]


@pytest.fixture
def site() -> Site:
    """A steel works in a group whose year 2016 is open."""
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    firm = ControllingFirm.objects.create(name="Firm 2")
    works = Organisation.objects.create(
        name="Works 2", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
    )
    site = Site.objects.create(
        slug=SITE, name="Works 2", organisation=works, jurisdiction=nation, pack="steel"
    )
    open_period(make_peer_group("steel", nation, [site]), "2016", "test", timezone.now())
    return site


@pytest.fixture
def plant(tmp_path: Path, live_server: LiveServer, site: Site) -> Plant:
    token = issue_token(site, None, keys.published_directory().fingerprint, timezone.now())
    plant = Plant(tmp_path, live_server.url, token)
    enrolled = plant.enrol()
    assert enrolled.returncode == 0, enrolled.stderr
    return plant


@pytest.mark.parametrize("step", at_steps(TELLING))
def test_killed_at_a_step_and_run_again_the_portal_accepts_one_report(
    plant: Plant, step: str
) -> None:
    assert plant.submit_dying_at(step) == -signal.SIGKILL
    done = plant.submit()
    assert done.returncode == 0, done.stderr

    submission = Submission.objects.get()
    output = json.loads(done.stdout)
    assert (submission.digest, submission.log_index) == (
        output["envelope_digest"],
        output["receipt"]["log_index"],
    )
    assert plant.rows("SELECT COUNT(*), COUNT(DISTINCT release_id) FROM ledger") == [(240, 2)]

    opening.sweep(keys.processing_key(), timezone.now)
    submission.refresh_from_db()
    assert (submission.state, submission.reason) == (SubmissionState.ACCEPTED, "")
    plaintext = bytes(OpenedReport.objects.get(envelope_digest=submission.digest).report)
    assert plant.rows("SELECT plaintext FROM parcel") == [(plaintext,)]
    assert [label.metric for label in decode_report(plaintext).released.labels] == [
        "total",
        "electricity",
    ]


def test_enrolling_again_after_a_crash_is_one_device(plant: Plant) -> None:
    plant.rows("SELECT 1")  # the state directory is there
    again = plant.enrol()
    assert again.returncode == 0, again.stderr
    assert Device.objects.count() == 1


def test_a_state_directory_set_back_by_a_backup_spends_nothing(
    plant: Plant, tmp_path: Path
) -> None:
    backup = {file.name: file.read_bytes() for file in plant.state.iterdir()}
    assert plant.submit().returncode == 0
    for file in plant.state.iterdir():
        file.unlink()
    for name, content in backup.items():
        (plant.state / name).write_bytes(content)
        (plant.state / name).chmod(0o600)
    refused = plant.submit()
    assert refused.returncode == 4
    assert json.loads(refused.stdout)["error"]["code"] == "ledger-set-back"
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(0,)]


def test_a_period_that_is_not_open_is_refused_in_the_portals_words_and_kept(plant: Plant) -> None:
    refused = plant.agent("submit", "--site", str(plant.site), "--period", "2016-01-01/2016-12-31")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "period-not-open"
    assert Submission.objects.count() == 0
    status = json.loads(plant.agent("status").stdout)
    assert [(report["state"], report["refusal"][-17:]) for report in status["reports"]] == [
        ("committed", "[period-not-open]")
    ]
    assert status["budget"] == []
