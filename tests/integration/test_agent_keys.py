"""The agent's keys at the real portal, without a network between: rotated, cut short, lost with the
machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from shutil import copytree
from sqlite3 import Connection
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from benchmarks.errors import InputError, PolicyRefusal, Unreachable
from benchmarks.wire.directory import EnrolmentSecret
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import (
    ControllingFirm,
    Device,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.accounts.selectors import sites_of
from portal.auditlog.models import Action, Event
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import close_period, open_period
from portal.intake.models import Submission
from portal.opening import tasks
from reporting_agent.sending import enrolment
from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
from reporting_agent.sending.transport import Portal
from reporting_agent.state import StateDirectory
from tests.unit.agent_send.cast import PORTAL, SITE, SOFTWARE, heats, material

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

NOBODY: Callable[[httpx.Request], bool] = lambda _request: False  # noqa: E731


def to_portal(request: httpx.Request) -> httpx.Response:
    """The portal's own answer, in this process."""
    parts = urlsplit(str(request.url))
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in ("host", "content-length", "content-type")
    }
    answer = Client(headers=headers).generic(
        request.method,
        f"{parts.path}?{parts.query}",
        request.content,
        content_type=request.headers.get("content-type", ""),
        secure=True,
    )
    return httpx.Response(
        answer.status_code,
        headers={"content-type": answer.headers["Content-Type"]},
        content=answer.content,
    )


class Plant:
    """One agent with its state directory."""

    def __init__(self, folder: Path) -> None:
        self.state = StateDirectory(folder)
        self.lost: Callable[[httpx.Request], bool] = NOBODY  # whose answer is lost on the way
        self.away: Callable[[httpx.Request], bool] = NOBODY  # what never arrives

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.away(request):
            raise httpx.ConnectError("no route")
        answer = to_portal(request)
        if self.lost(request):
            raise httpx.ReadError("the connection broke after the portal had taken it")
        return answer

    @contextmanager
    def _open(self) -> Iterator[tuple[Connection, Portal]]:
        road = Portal(
            PORTAL,
            sleep=lambda _seconds: None,
            software=SOFTWARE,
            transport=httpx.MockTransport(self._answer),
        )
        with road, self.state.exclusive(), self.state.connect() as connection:
            yield connection, road

    def enrol(self, token: str, *, replace: bool = False) -> enrolment.Enrolment:
        with self._open() as (connection, road):
            parsed, now = EnrolmentSecret.parse(token), timezone.now()
            return enrolment.enrol(
                self.state, connection, road, parsed, software=SOFTWARE, now=now, replace=replace
            )

    def rotate(self) -> enrolment.Enrolment:
        with self._open() as (connection, road):
            return enrolment.rotate(self.state, connection, road, now=timezone.now())

    def submit(self, data: ReportMaterial, period: str, *, correct: bool = False) -> None:
        with self._open() as (connection, road):
            identity = enrolment.identity(self.state, connection, SITE)
            submission = SubmissionProcess(
                connection, identity, software=SOFTWARE, clock=lambda: datetime.now(UTC)
            )
            submission.consult(road)
            submission.send(submission.prepare(data, period, road, correct=correct), road)

    def debited(self) -> int:
        with self.state.connect() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0])

    def secrets(self) -> set[str]:
        return {file.name for file in self.state.path.glob("device-*.pem")}


@pytest.fixture
def site(portal_keys: object) -> Site:
    """A steel works in a group whose years 2016 and 2017 are open."""
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    firm = ControllingFirm.objects.create(name="Firm 2")
    works = Organisation.objects.create(
        name="Works 2", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
    )
    site = Site.objects.create(
        slug=SITE, name="Works 2", organisation=works, jurisdiction=nation, pack="steel"
    )
    group = make_peer_group("steel", nation, [site])
    for year in ("2016", "2017"):
        open_period(group, year, "test", timezone.now())
    return site


def token(site: Site) -> str:
    return issue_token(site, None, keys.published_directory().fingerprint, timezone.now())


@pytest.fixture
def plant(tmp_path: Path, site: Site) -> Plant:
    plant = Plant(tmp_path / "state")
    plant.enrol(token(site))
    return plant


@pytest.fixture(scope="module")
def years() -> dict[str, ReportMaterial]:
    return {str(year): material(heats(60, year=year), str(year)) for year in (2016, 2017)}


def test_a_rotated_key_reports_and_the_old_one_is_gone_from_the_machine(
    plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.submit(years["2016"], "2016")
    (old_file,) = plant.secrets()
    old = Device.objects.get()
    done = plant.rotate()
    assert plant.secrets() == {done.key_file}
    assert done.key_file != old_file
    assert Device.objects.get(pk=str(done.device_id)).replaces == old
    plant.submit(years["2017"], "2017")
    tasks.sweep()  # one report was signed with the old key, one with the new
    assert set(Submission.objects.values_list("period", "state")) == {
        ("2016", "accepted"),
        ("2017", "accepted"),
    }
    assert {str(row.device_id) for row in Submission.objects.all()} == {str(old.pk), done.device_id}
    owner = User.objects.create_user("owner@example.org")
    Membership.objects.create(user=owner, organisation=old.site.organisation, role=Role.ENTERPRISE)
    (view,) = sites_of(owner, timezone.now())
    assert [(device.replaced, device.revoked_at is None) for device in view.devices] == [
        (True, False),
        (False, True),
    ]
    with plant._open() as (connection, road):
        assert (
            enrolment.reported_elsewhere(plant.state, connection, road, done, now=timezone.now())
            == ()
        )


def test_an_answer_lost_for_good_leaves_the_old_key_in_force_and_the_next_run_ends_the_same_rotation(
    plant: Plant,
) -> None:
    plant.lost = lambda request: request.url.path == "/api/v1/rotations/"
    with pytest.raises(Unreachable):
        plant.rotate()
    secrets = plant.secrets()
    assert len(secrets) == 2
    plant.lost = NOBODY
    done = plant.rotate()
    assert plant.secrets() == {done.key_file} < secrets
    assert Device.objects.count() == 2
    assert Event.objects.filter(action=Action.DEVICE_ROTATED).count() == 1


def test_a_report_that_waits_for_its_receipt_goes_out_before_its_key_goes(
    plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.lost = lambda request: (
        request.url.path == "/api/v1/submissions/" and request.method == "POST"
    )
    with pytest.raises(Unreachable):
        plant.submit(years["2016"], "2016")
    with pytest.raises(InputError) as refused:
        plant.rotate()
    assert refused.value.code == "spool-not-empty"
    plant.lost = NOBODY
    plant.submit(years["2016"], "2016")
    assert plant.rotate().is_registered


def test_who_is_not_enrolled_has_nothing_to_rotate(tmp_path: Path, site: Site) -> None:
    with pytest.raises(InputError) as refused:
        Plant(tmp_path / "new").rotate()
    assert refused.value.code == "not-enrolled"


def test_a_lost_device_is_revoked_and_its_successor_spends_nothing_on_what_the_portal_has_receipts_of(
    tmp_path: Path, site: Site, plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.submit(years["2016"], "2016")
    lost = Device.objects.get()
    call_command("revoke_device", str(lost.pk), stdout=StringIO())
    heir = Plant(tmp_path / "other machine")
    heir.enrol(token(site))
    with heir._open() as (connection, road):
        enrolled = enrolment.current(connection)
        assert enrolled is not None
        assert enrolment.reported_elsewhere(
            heir.state, connection, road, enrolled, now=timezone.now()
        ) == ("2016",)
    assert "another seed" in Event.objects.filter(action=Action.DEVICE_ENROLLED).latest("id").detail
    with pytest.raises(PolicyRefusal) as refused:
        heir.submit(years["2016"], "2016")
    assert refused.value.code == "ledger-set-back"
    assert heir.debited() == 0
    heir.submit(years["2017"], "2017")  # of other batches nothing was spent
    assert heir.debited() == 120
    with pytest.raises(InputError) as gone:
        plant.submit(years["2017"], "2017")  # who found the old machine
    assert gone.value.code == "device-revoked"


def test_who_has_the_key_of_before_a_rotation_hears_that_it_was_replaced(
    tmp_path: Path, plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    """Whoever of two rotated first, the other learns it at its next submit, before anything is
    spent.
    """
    copytree(plant.state.path, tmp_path / "copy")
    thief = Plant(tmp_path / "copy")
    thief.rotate()
    with pytest.raises(InputError) as refused:
        plant.submit(years["2016"], "2016")
    assert refused.value.code == "device-replaced"
    assert plant.debited() == 0


def sends(request: httpx.Request) -> bool:
    return request.url.path == "/api/v1/submissions/" and request.method == "POST"


def test_a_report_that_waits_while_its_device_is_revoked_goes_out_under_the_next_one_and_spends_nothing(
    site: Site, plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.away = sends
    with pytest.raises(Unreachable):
        plant.submit(years["2016"], "2016")
    spent = plant.debited()
    call_command("revoke_device", str(Device.objects.get().pk), stdout=StringIO())
    done = plant.enrol(token(site), replace=True)
    plant.away = NOBODY
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    row = Submission.objects.get()
    assert (str(row.device_id), row.state, plant.debited()) == (done.device_id, "accepted", spent)


def test_what_the_portal_holds_is_never_sealed_again_and_its_receipt_is_taken_from_the_list(
    site: Site, plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.lost = sends  # the portal took it, the receipt never came
    with pytest.raises(Unreachable):
        plant.submit(years["2016"], "2016")
    with plant.state.connect() as connection:
        before = connection.execute("SELECT envelope FROM parcel").fetchall()[0][0]
    call_command("revoke_device", str(Device.objects.get().pk), stdout=StringIO())
    plant.enrol(token(site), replace=True)
    plant.lost = NOBODY
    plant.submit(years["2016"], "2016")
    with plant.state.connect() as connection:
        assert [tuple(row) for row in connection.execute("SELECT envelope, state FROM parcel")] == [
            (before, "received")
        ]
    assert Submission.objects.count() == 1
    plant.submit(material(heats(61), "2016"), "2016", correct=True)
    assert set(Submission.objects.values_list("revision", flat=True)) == {1, 2}
    assert plant.rotate().is_registered


def test_a_report_that_the_portal_refused_holds_no_rotation_up_and_is_sealed_again_under_the_new_key(
    plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.away = sends
    with pytest.raises(Unreachable):
        plant.submit(years["2016"], "2016")
    close_period(ReportingPeriod.objects.get(name="2016"), "test", timezone.now())
    plant.away = NOBODY
    with pytest.raises(InputError) as refused:
        plant.submit(years["2016"], "2016")
    assert refused.value.code == "period-not-open"
    done, spent = plant.rotate(), plant.debited()
    ReportingPeriod.objects.update(closed_at=None)
    plant.submit(years["2016"], "2016")
    assert (str(Submission.objects.get().device_id), plant.debited()) == (done.device_id, spent)
