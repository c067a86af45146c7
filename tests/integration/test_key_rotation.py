"""Keys that change while the portal works: reports to either key are opened, an old key ends, a
device's key follows another.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from benchmarks.errors import InputError
from benchmarks.wire import device_requests, directory, envelope, heads, restarts
from benchmarks.wire.directory import GRACE
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import DeviceKey, DirectoryKey, ReceiptKey
from portal import key_ceremony, keys
from portal.accounts.models import Device
from portal.auditlog.models import Action, Event
from portal.intake import receiving as intake
from portal.intake.models import Submission
from portal.intake.storing import StoredReport
from portal.opening import destruction, tasks, unsealing
from portal.opening.models import OpenedReport
from portal.opening.refilling import refill
from portal.problems import RefusedError
from portal.translog import selectors
from portal.translog.models import WaitingEntry
from portal.web.sight import readiness
from tests.integration.portal_cast import NOW, Cast, Plant, make_cast, without_pack

pytestmark = pytest.mark.django_db(databases=["default", "vault"])

OVERLAP_END = NOW.date() + timedelta(days=90)
AFTER = NOW + timedelta(days=90) + GRACE + timedelta(days=1)  # window and grace are over


@pytest.fixture
def folder(key_folder: Path, tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Keys of this test alone: it changes them."""
    own = tmp_path / "keys"
    shutil.copytree(key_folder, own)
    settings.DIRECTORY_FILE = own / "directory.cbor"
    settings.RECEIPT_KEY_FILE = own / "receipt.pem"
    settings.PROCESSING_KEY_FILE = own / "processing.pem"
    keys.forget()
    yield own
    keys.forget()


@pytest.fixture
def cast(folder: object) -> Cast:
    return make_cast(plants=2)


def rotate(folder: Path) -> key_ceremony.RotationRequest:
    signed = (folder / "directory.cbor").read_bytes()
    end = NOW.date() + timedelta(days=4000)
    processing, receipt = folder / "processing.pem", folder / "receipt.pem"
    asked = key_ceremony.rotate(
        folder,
        signed,
        processing=processing,
        receipt=receipt,
        valid_from=NOW.date(),
        valid_to=end,
        old_until=OVERLAP_END,
    )
    answer = key_ceremony.sign(asked.request.read_bytes(), signed, folder / "offline.pem")
    key_ceremony.take(folder / "directory.cbor", answer)
    return asked


def sealed_to_old(plant: Plant, cast: Cast) -> bytes:
    """An envelope of somebody who has not fetched the new directory."""
    old = keys.published_directory().content.processing[0]
    old_directory = directory.Directory(1, (old,), ())
    recipient = old_directory.processing_key(NOW.date())
    header = replace(plant.header(), key_id=recipient.key_id)
    return envelope.build(plant.report(cast.pack), header, plant.key, recipient)


def receive(raw: bytes, now: Any = NOW) -> StoredReport:
    return intake.receive(raw, keys.published_directory(), keys.receipt_key(), now)


def test_the_worker_opens_with_whichever_key_an_envelope_names_and_needs_no_restart(
    folder: Path, cast: Cast
) -> None:
    old = keys.processing_key().key_id
    assert [key.key_id for key in keys.processing_keys()] == [old]
    asked = rotate(folder)
    assert {key.key_id for key in keys.processing_keys()} == {old, asked.processing_key_id}
    receive(sealed_to_old(cast.plants[0], cast))
    receive(cast.plants[1].envelope(cast.pack))
    assert set(Submission.objects.values_list("key_id", flat=True)) == {
        old,
        asked.processing_key_id,
    }
    tasks.sweep()
    assert set(Submission.objects.values_list("state", flat=True)) == {"accepted"}


def test_a_backlog_of_one_key_leaves_time_for_what_is_sealed_to_the_next(
    folder: Path, cast: Cast, monkeypatch: Any, settings: Settings
) -> None:
    rotate(folder)
    settings.SWEEP_FOR_SECONDS, ends, begun = 8.0, list[float](), monotonic()

    def swept(_key: object, _clock: object, until: float) -> unsealing.SweepCounts:
        ends.append(until)
        return unsealing.SweepCounts(accepted=1, refused=0)

    monkeypatch.setattr(unsealing, "sweep", swept)
    tasks.sweep()
    first, last = ends
    assert begun + 4 <= first < last
    assert last - first == pytest.approx(4)


def test_a_report_whose_pack_is_not_on_the_workers_machine_holds_up_no_other(
    folder: Path, cast: Cast
) -> None:
    """As beside newer webs: not what came after it, nor what is sealed to the next key, nor the
    numbers of values in the log.
    """
    without_pack(cast.plants[0])
    receive(sealed_to_old(cast.plants[0], cast))
    receive(sealed_to_old(cast.plants[1], cast))
    rotate(folder)
    receive(cast.plants[1].envelope(cast.pack, revision=2))
    tasks.sweep()
    states = dict(
        Submission.objects.filter(site=cast.plants[1].site).values_list("revision", "state")
    )
    assert states == {1: "superseded", 2: "accepted"}
    assert not WaitingEntry.objects.exists()
    assert Submission.objects.get(site=cast.plants[0].site).state == "opening", (
        "it waits until its claim is old"
    )


def test_the_web_signs_with_the_new_receipt_key_once_the_directory_lists_it(
    folder: Path, cast: Cast
) -> None:
    old = keys.receipt_key().key_id
    signed = (folder / "directory.cbor").read_bytes()
    today = timezone.now().date()
    asked = key_ceremony.rotate(
        folder,
        signed,
        processing=None,
        receipt=folder / "receipt.pem",
        valid_from=today,
        valid_to=today + timedelta(days=9),
        old_until=today,
    )
    assert keys.receipt_key().key_id == old  # drawn, and nobody knows it yet
    key_ceremony.take(
        folder / "directory.cbor",
        key_ceremony.sign(asked.request.read_bytes(), signed, folder / "offline.pem"),
    )
    assert keys.receipt_key().key_id == asked.receipt_key_id


def test_a_listed_receipt_key_that_is_not_here_is_told_while_the_old_one_signs_on(
    folder: Path, cast: Cast
) -> None:
    """In containers the file of a new key has to be named first: nobody must learn it on the day on
    which the old key ends.
    """
    old, signed, today = (
        keys.receipt_key().key_id,
        (folder / "directory.cbor").read_bytes(),
        timezone.now().date(),
    )
    asked = key_ceremony.rotate(
        folder,
        signed,
        processing=None,
        receipt=folder / "receipt.pem",
        valid_from=today,
        valid_to=today + timedelta(days=9),
        old_until=today + timedelta(days=5),
    )
    key_ceremony.take(
        folder / "directory.cbor",
        key_ceremony.sign(asked.request.read_bytes(), signed, folder / "offline.pem"),
    )
    (new,) = set(folder.glob("receipt-*.pem"))
    assert "receipt-key-missing" not in readiness.wrong(timezone.now())
    new.rename(folder / "elsewhere.pem")
    assert keys.receipt_key().key_id == old
    assert "receipt-key-missing" in readiness.wrong(timezone.now())


def test_an_old_key_is_taken_through_its_window_and_the_grace_and_then_no_more(
    folder: Path, cast: Cast, monkeypatch: Any
) -> None:
    rotate(folder)
    raw = sealed_to_old(cast.plants[0], cast)
    with pytest.raises(RefusedError) as refused:
        receive(raw, AFTER)
    assert refused.value.code == "processing-key-unknown"
    assert receive(raw, AFTER - timedelta(days=2)).created
    monkeypatch.setattr(
        keys.PublishedDirectory, "takes", lambda *_: True
    )  # the defence off: it would be let in
    assert receive(sealed_to_old(cast.plants[1], cast), AFTER).created


def destroy(key_id: str, now: Any = AFTER) -> destruction.DestroyedKey:
    return destruction.destroy(
        key_id, keys.processing_files(), keys.published_directory().content, now
    )


def code_of(key_id: str, now: Any = AFTER) -> str:
    with pytest.raises(InputError) as refused:
        destroy(key_id, now)
    return refused.value.code


def test_a_key_is_destroyed_only_when_nothing_waits_for_it(folder: Path, cast: Cast) -> None:
    old = keys.processing_key().key_id
    assert code_of(old) == "key-in-use"  # before any rotation
    asked = rotate(folder)
    receive(sealed_to_old(cast.plants[0], cast))
    for now in (NOW, AFTER - timedelta(days=1)):
        assert code_of(old, now) == "key-in-use"
    assert code_of(old) == "reports-waiting"
    tasks.sweep()
    OpenedReport.objects.update(
        envelope_digest="0" * 64
    )  # the vault was lost since, and only this key opens the report again
    assert code_of(old) == "accepted-without-vault-row"
    assert refill(keys.processing_keys(), NOW).written == 1
    assert code_of("0" * 64) == "key-not-here"
    assert asked.processing_key_id
    assert code_of(asked.processing_key_id) == "key-in-use"
    assert not Event.objects.filter(action=Action.KEY_DESTROYED).exists()
    assert destroy(old).reports == 1
    assert [key.key_id for key in keys.processing_keys()] == [asked.processing_key_id]
    assert not [path for path in folder.iterdir() if path.name.startswith("processing.pem")]
    assert Event.objects.get(action=Action.KEY_DESTROYED).subject == f"processing key {old}"
    receive(cast.plants[1].envelope(cast.pack))
    tasks.sweep()  # the worker goes on with what is left
    assert set(Submission.objects.values_list("state", flat=True)) == {"accepted"}


def test_a_key_that_was_drawn_and_waits_for_its_directory_is_not_destroyed(
    folder: Path, cast: Cast
) -> None:
    """A request travels to the offline key for days, and from `take` on every plant seals to the
    key that it asks for.
    """
    old = keys.processing_key().key_id
    call_command("make_keys", "rotate", "--only", "processing", stdout=StringIO())
    new = next(key.key_id for key in keys.processing_keys() if key.key_id != old)
    call_command("destroy_key", stdout=(output := StringIO()), stderr=StringIO())
    assert f"{new} stays: The key directory in force does not list this key" in output.getvalue()
    assert code_of(new) == "key-not-listed"
    call_command("make_keys", "sign", stdout=StringIO())
    call_command("make_keys", "take", folder / "directory-signed.cbor", stdout=StringIO())
    assert keys.published_directory().content.processing_key(timezone.now().date()).key_id == new
    assert new in keys.processing_files()


def test_the_bytes_of_a_destroyed_key_are_overwritten_before_the_name_goes(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(b"secret" * 100)
    same_blocks = file.open("rb")  # another name for the same blocks
    destruction.overwrite_and_delete(file)
    left = same_blocks.read()
    same_blocks.close()
    assert not file.exists()
    assert len(left) == 600
    assert b"secret" not in left


def test_a_destruction_cut_short_stops_no_worker_and_is_finished_by_the_next(
    folder: Path, cast: Cast, monkeypatch: Any
) -> None:
    old = keys.processing_key().key_id
    asked = rotate(folder)
    (folder / "processing.pem").chmod(0o444)  # as in containers

    def die(_file: Path) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(destruction, "overwrite_and_delete", die)
        with pytest.raises(SystemExit):
            destroy(old)
    assert [key.key_id for key in keys.processing_keys()] == [asked.processing_key_id]
    (left,) = folder.glob("processing.pem.destroyed")
    assert left.stat().st_mode & 0o777 == 0o600, (
        "whoever owns it can write it, whatever its mode was"
    )
    assert "processing.pem" in destruction.finish(folder)
    assert not left.exists()
    assert not list(folder.glob("*.destroyed"))


def test_a_destruction_cut_short_between_key_and_password_leaves_neither_behind_the_next(
    folder: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.processing_key().key_id
    rotate(folder)
    set_aside = destruction._set_aside

    def die_at_the_password(file: Path) -> None:
        if file.suffix == ".password":
            raise SystemExit
        set_aside(file)

    with monkeypatch.context() as patch:
        patch.setattr(destruction, "_set_aside", die_at_the_password)
        with pytest.raises(SystemExit):
            destroy(old)
    assert (folder / "processing.pem.password").exists()
    assert set(destruction.finish(folder)) == {"processing.pem", "processing.pem.password"}
    assert not list(folder.glob("processing.pem*"))


def test_whoever_may_not_destroy_a_key_puts_nothing_on_record(
    folder: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Debian root owns the keys, and the worker reads them by its group: the log, which nobody
    can change, would say what is not so.
    """
    old = keys.processing_key().key_id
    rotate(folder)
    size = selectors.size()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert code_of(old) == "key-not-writable"
    assert not Event.objects.filter(action=Action.KEY_DESTROYED).exists()
    assert selectors.size() == size
    assert destroy(old).key_id == old
    assert selectors.size() == size + 1


def test_the_commands_of_a_rotation(folder: Path, cast: Cast, settings: Settings) -> None:
    old = keys.processing_key().key_id
    output, errors = StringIO(), StringIO()
    call_command("make_keys", "rotate", stdout=output)
    call_command("make_keys", "sign", stdout=output)
    call_command("make_keys", "take", str(folder / "directory-signed.cbor"), stdout=output)
    new = next(key.key_id for key in keys.processing_keys() if key.key_id != old)
    assert f"reports are sealed to {new} from now on" in output.getvalue()
    assert f"New processing key {new}" in output.getvalue()
    assert f"processing key {new}" in output.getvalue()
    assert ": NEW" in output.getvalue()
    assert ": ends earlier" in output.getvalue()
    assert keys.published_directory().content.number == 2
    assert Event.objects.get(action=Action.DIRECTORY_TAKEN).subject == "key directory 2"
    call_command("destroy_key", stdout=output, stderr=errors)
    assert f"{old} stays: Reports sealed to this key are taken until" in output.getvalue()
    with pytest.raises(CommandError, match="Reports sealed to this key"):
        call_command("destroy_key", old, stdout=output, stderr=errors)
    settings.PROCESSING_KEY_FILE = None  # as the operator's settings have it
    with pytest.raises(CommandError, match="given no PROCESSING_KEY_FILE"):
        call_command("destroy_key", old, stdout=output, stderr=errors)


def test_a_refused_directory_leaves_the_one_in_force_and_its_request(
    folder: Path, cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    call_command("make_keys", "rotate", stdout=StringIO())
    call_command("make_keys", "sign", stdout=StringIO())
    before = (folder / "directory.cbor").read_bytes()
    settings.HEADS_FILE = tmp_path / "heads.log"
    settings.HEADS_FILE.write_text("999 -\n", "ascii")  # the log was set back: it takes nothing
    with pytest.raises(CommandError, match="log-set-back"):
        call_command("make_keys", "take", folder / "directory-signed.cbor", stdout=StringIO())
    assert (folder / "directory.cbor").read_bytes() == before
    assert (folder / "directory-request.cbor").exists()
    assert not Event.objects.filter(action=Action.DIRECTORY_TAKEN).exists()


def test_a_directory_that_is_taken_again_leaves_the_request_of_the_next_rotation(
    folder: Path, cast: Cast
) -> None:
    request, signed = folder / "directory-request.cbor", folder / "directory-signed.cbor"
    call_command("make_keys", "rotate", "--only", "processing", stdout=StringIO())
    answered = request.read_bytes()
    call_command("make_keys", "sign", stdout=StringIO())
    call_command("make_keys", "take", signed, stdout=StringIO())
    assert not request.exists()
    request.write_bytes(answered)  # as a `take` leaves it that was cut short before its end
    call_command("make_keys", "take", signed, stdout=StringIO())
    assert not request.exists()
    call_command("make_keys", "rotate", "--only", "processing", stdout=StringIO())
    call_command("make_keys", "take", signed, stdout=StringIO())
    assert request.exists()


def test_a_directory_is_taken_beside_a_request_that_cannot_be_read(
    folder: Path, cast: Cast
) -> None:
    request, signed, output = (
        folder / key_ceremony.REQUEST,
        folder / key_ceremony.SIGNED,
        StringIO(),
    )
    call_command("make_keys", "rotate", "--only", "processing", stdout=StringIO())
    call_command("make_keys", "sign", stdout=StringIO())
    cut_short = request.read_bytes()[:100]
    request.write_bytes(cut_short)
    call_command("make_keys", "take", signed, stdout=output)
    assert "is in force" in output.getvalue()
    assert request.read_bytes() == cut_short, "whose it is cannot be told"


def test_another_directory_can_be_taken_after_the_processing_key_has_ended(
    folder: Path, cast: Cast
) -> None:
    present, yesterday = (
        keys.published_directory().content,
        timezone.now().date() - timedelta(days=1),
    )
    ended = replace(
        present, processing=tuple(replace(key, valid_to=yesterday) for key in present.processing)
    )
    offline = DirectoryKey.from_pem((folder / "offline.pem").read_bytes())
    (folder / "directory.cbor").write_bytes(directory.issue(ended, offline))
    keys.forget()
    output = StringIO()
    for only in ("receipt", "processing"):
        call_command("make_keys", "rotate", "--only", only, stdout=StringIO())
        with pytest.raises(CommandError, match="To give it up, delete this file"):
            call_command("make_keys", "rotate", stdout=StringIO())
        call_command("make_keys", "sign", stdout=StringIO())
        call_command("make_keys", "take", folder / "directory-signed.cbor", stdout=output)
    assert "Directory 2 is in force. Its processing keys have ended" in output.getvalue()
    assert "Directory 3 is in force; reports are sealed to" in output.getvalue()


@pytest.fixture
def installed(folder: Path, settings: Settings) -> Path:
    """The files as `./install` leaves them: each role's keys in a folder of its own, readable
    to its group.
    """
    for role, names in {
        "worker": ("processing.pem", "processing.pem.password"),
        "web": ("receipt.pem",),
    }.items():
        (folder / role).mkdir(mode=0o750)
        for name in names:
            (folder / name).rename(folder / role / name).chmod(0o640)
            os.chown(folder / role / name, -1, GROUPS[role])
    (folder / "directory.cbor").chmod(0o644)
    (folder / "offline").mkdir()
    for name in ("offline.pem", "directory.cbor"):
        shutil.copy(folder / name, folder / "offline")
    (folder / "offline.pem").unlink()
    settings.PROCESSING_KEY_FILE = settings.RECEIPT_KEY_FILE = None
    return folder


GROUPS = (
    {"worker": 4321, "web": 4322}
    if os.geteuid() == 0
    else dict.fromkeys(("worker", "web"), os.getegid())
)


def owned(file: Path) -> tuple[int, int, str]:
    stat = file.stat()
    return stat.st_uid, stat.st_gid, oct(stat.st_mode)


@pytest.mark.parametrize(("role", "name"), [("worker", "processing"), ("web", "receipt")])
def test_a_key_is_rotated_where_each_role_has_a_folder_of_its_own(
    installed: Path, settings: Settings, role: str, name: str
) -> None:
    before = owned(installed / role / f"{name}.pem")
    with pytest.raises(
        CommandError, match=f"has no {name}.pem here"
    ):  # with another role's settings: nobody would read it there
        call_command("make_keys", "rotate", only=name, stdout=StringIO())
    assert not list(installed.glob("*.unfinished")) + list(installed.glob(f"{name}-*"))
    setattr(settings, f"{name.upper()}_KEY_FILE", installed / role / f"{name}.pem")
    call_command("make_keys", "rotate", only=name, stdout=StringIO())
    drawn = sorted((installed / role).glob(f"{name}-*"))
    assert [file.suffix for file in drawn] == (
        [".pem", ".password"] if role == "worker" else [".pem"]
    )
    assert {owned(file) for file in drawn} == {before}

    (installed / "directory-request.cbor").rename(installed / "offline" / "directory-request.cbor")
    call_command("make_keys", "sign", dir=installed / "offline", stdout=StringIO())
    directory_before = owned(installed / "directory.cbor")
    settings.RECEIPT_KEY_FILE = installed / "web" / "receipt.pem"
    call_command(
        "make_keys", "take", installed / "offline" / "directory-signed.cbor", stdout=StringIO()
    )
    assert owned(installed / "directory.cbor") == directory_before
    listed = keys.published_directory().content
    assert drawn[0].stem.removeprefix(f"{name}-") in {
        key.key_id[:16] for key in (*listed.processing, *listed.receipts)
    }


WATCH = """
import gc, os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import django
django.setup()
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]
from portal import keys
assert Client().get("/api/v1/directory/", secure=True).status_code == 200
if settings.RECEIPT_KEY_FILE:
    keys.receipt_key()
try:
    keys.processing_keys()
except ImproperlyConfigured as refusal:
    print("refused", type(refusal).__name__)
from benchmarks.wire.sealing import ProcessingKey
print("opened", sum("processing" in os.path.basename(name) and name.endswith((".pem", ".password")) for name in opened))
print("held", any(type(one) is ProcessingKey for one in gc.get_objects()))
print("environment", "PROCESSING" in open("/proc/self/environ").read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize(("role", "lines"), [("web", ["refused ImproperlyConfigured", "opened 0", "held False", "environment False"]),
                                             ("operator", ["refused ImproperlyConfigured", "opened 0", "held False", "environment False"]),
                                             ("worker", ["opened 2", "held True", "environment False"])])  # fmt: skip
def test_only_the_workers_process_ever_opens_or_holds_the_processing_key(
    folder: Path, tmp_path: Path, role: str, lines: list[str]
) -> None:
    var = tmp_path / "var"
    var.mkdir()
    shutil.copytree(folder, var / "keys")
    environment = {
        **{
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "PYTHONPATH")
            if name in os.environ
        },
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
        "STEPLABEL_VAR": str(var),
        "STEPLABEL_ROLE": role,
    }
    ran = subprocess.run(
        [sys.executable, "-c", WATCH],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split("\n")[:-1] == lines, ran.stderr


def post(client: Client, asked: device_requests.KeyRotation) -> Any:
    body = {
        "device_id": asked.device_id,
        "device_public_key": asked.new.hex,
        "by_old": asked.by_old.hex(),
        "by_new": asked.by_new.hex(),
    }
    return client.post("/api/v1/rotations/", body, content_type="application/json")


def test_a_rotated_device_reports_with_its_new_key_and_the_old_one_signs_nothing_new(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    raw = plant.envelope(cast.pack)
    receive(raw)  # waits to be opened while the key is rotated
    new = DeviceKey.generate()
    asked = device_requests.rotate(str(plant.device.pk), plant.key, new)
    first, again = post(client, asked), post(client, asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    directory.verify(
        base64.b64decode(first.json()["directory"]), keys.published_directory().fingerprint
    )
    tasks.sweep()
    assert (
        Submission.objects.get().state == "accepted"
    )  # the old key goes on verifying what it signed
    with pytest.raises(RefusedError) as refused:
        receive(plant.envelope(cast.pack, revision=2))
    assert refused.value.code == "device-replaced"
    device = Device.objects.get(pk=first.json()["device_id"])
    assert (device.replaces, device.seed_commitment) == (plant.device, plant.device.seed_commitment)
    assert receive(replace(plant, device=device, key=new).envelope(cast.pack, revision=2)).created
    assert Event.objects.filter(action=Action.DEVICE_ROTATED).count() == 1


def test_nobody_rotates_a_key_he_does_not_hold(client: Client, cast: Cast) -> None:
    plant, other, new = cast.plants[0], cast.plants[1], DeviceKey.generate()
    name = str(plant.device.pk)
    good = device_requests.rotate(name, plant.key, new)
    for asked, status, code in (
        (device_requests.rotate(name, other.key, new), 401, "rotation-signature-invalid"),
        (replace(good, device_id=str(other.device.pk)), 401, "rotation-signature-invalid"),
        (replace(good, device_id="no-uuid"), 401, "device-unknown"),
        (device_requests.rotate(name, plant.key, other.key), 409, "device-known"),
    ):
        answer = post(client, asked)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    call_command("revoke_device", name, stdout=StringIO())
    answer = post(client, good)  # a stolen key that was revoked is no way back in
    assert (answer.status_code, answer.json()["code"]) == (401, "device-revoked")
    assert Device.objects.count() == 2


def test_a_successor_that_was_revoked_is_not_handed_out_again(client: Client, cast: Cast) -> None:
    plant, new = cast.plants[0], DeviceKey.generate()
    asked = device_requests.rotate(str(plant.device.pk), plant.key, new)
    call_command("revoke_device", post(client, asked).json()["device_id"], stdout=StringIO())
    assert post(client, asked).json()["code"] == "device-revoked"


def test_whoever_signs_is_shown_until_when_a_restart_excuses(folder: Path) -> None:
    """Who has broken into the portal asks for a statement that would still excuse a log that is cut
    in 2049.
    """
    receipt = ReceiptKey.from_pem((folder / "receipt.pem").read_bytes())
    lost, left = (heads.issue(size, bytes([size]) * 32, 50, receipt) for size in (9, 5))
    asked = LogRestartStatement(
        lost, 9, left, 2_524_608_000, "The disk failed."
    )  # 2050-01-01T00:00Z
    (folder / "log-restart-request.cbor").write_bytes(restarts.request(asked))
    out = StringIO()
    call_command("restart_log", "sign", dir=folder, stdout=out)
    assert "2050-01-01T00:00+00:00" in out.getvalue()
