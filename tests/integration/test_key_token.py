"""The processing key's password wrapped by a key in a PKCS#11 token: a real SoftHSM. What the files
alone are worth, and what is told.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from benchmarks.errors import InputError, SteplabelError
from benchmarks.wire.sealing import ProcessingKey
from portal import keys
from portal.intake import receiving
from portal.intake.models import Submission
from portal.key_token import Token
from portal.opening import destruction, tasks, wrapping
from portal.settings.roles import ProcessRole, processing_key_token
from tests.integration.portal_cast import make_cast
from tests.servers import softhsm

pytestmark = pytest.mark.django_db(databases=["default", "vault"])


@pytest.fixture
def folder(
    key_folder: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A worker's keys and a token of its own."""
    own = tmp_path / "keys"
    shutil.copytree(key_folder, own)
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    settings.PROCESSING_KEY_TOKEN = softhsm.token(tmp_path)
    settings.DIRECTORY_FILE, settings.RECEIPT_KEY_FILE = own / "directory.cbor", own / "receipt.pem"
    settings.PROCESSING_KEY_FILE = own / "processing.pem"
    keys.forget()
    yield own
    keys.forget()


def run(command: str, *arguments: str) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output, stderr=output)
    return output.getvalue()


def refusal() -> str:
    keys.forget()
    with pytest.raises(InputError) as refused:
        keys.processing_keys()
    return refused.value.code


def wrong_at_start(client: Client) -> list[str]:
    """What `/readyz` says after a worker tried to start."""
    keys.forget()
    with pytest.raises(SystemExit):
        tasks.require_keys()
    wrong: list[str] = client.get("/readyz").json()["wrong"]
    return wrong


def test_a_report_is_opened_by_a_wrapped_key_and_the_files_alone_open_nothing(
    folder: Path, settings: Settings
) -> None:
    cast = make_cast(1)
    clear = (folder / "processing.pem.password").read_bytes().strip()
    (folder / "processing.pem.password").chmod(0o640)
    assert refusal() == "password-not-wrapped"
    assert "was drawn in the token" in run("wrap_key", "--draw")
    assert "opens by the key processing-wrap" in run("wrap_key", "--draw")

    wrapped = (folder / "processing.pem.password").read_bytes()
    assert (folder / "processing.pem.password").stat().st_mode & 0o777 == 0o640
    assert not [file for file in folder.iterdir() if clear in file.read_bytes()]
    assert not list(folder.glob("*.new")) + list(folder.glob("*.old"))
    with pytest.raises(SteplabelError, match="key-unreadable"):
        ProcessingKey.from_pem((folder / "processing.pem").read_bytes(), wrapped)
    settings_uri, settings.PROCESSING_KEY_TOKEN = settings.PROCESSING_KEY_TOKEN, None
    keys.forget()
    with pytest.raises(ImproperlyConfigured, match="PROCESSING_KEY_TOKEN"):
        keys.processing_keys()

    settings.PROCESSING_KEY_TOKEN = settings_uri
    receiving.receive(
        cast.plants[0].envelope(cast.pack),
        keys.published_directory(),
        keys.receipt_key(),
        timezone.now(),
    )
    tasks.sweep()
    assert Submission.objects.get().state == "accepted"


def test_a_token_that_is_away_is_told_and_a_worker_that_runs_goes_on_until_its_files_change(
    folder: Path, client: Client, tmp_path: Path
) -> None:
    run("wrap_key", "--draw")
    unwrapped = keys.processing_keys()
    (tmp_path / "tokens").rename(tmp_path / "unplugged")
    (tmp_path / "tokens").mkdir()
    assert keys.processing_keys() == unwrapped
    assert {"processing-key-missing", "token-away"} <= set(wrong_at_start(client))
    (tmp_path / "tokens").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "tokens")
    tasks.require_keys()
    tasks.sweep()
    assert not {"processing-key-missing", "token-away"} & set(client.get("/readyz").json()["wrong"])


def test_a_wrong_pin_is_tried_once_so_that_no_restart_locks_the_token(
    folder: Path, client: Client, tmp_path: Path
) -> None:
    run("wrap_key", "--draw")
    pin = tmp_path / "token.pin"
    pin.write_text("0815-0815")
    assert "token-pin-wrong" in wrong_at_start(client)
    pin.write_text(softhsm.PIN)  # right again: and not tried, for nobody said so
    assert refusal() == "token-pin-wrong"
    run("wrap_key")
    assert keys.processing_keys()
    pin.unlink()
    assert refusal() == "token-away"


def test_another_key_another_file_or_a_changed_byte_open_nothing(
    folder: Path, settings: Settings
) -> None:
    run("wrap_key", "--draw")
    uri = str(settings.PROCESSING_KEY_TOKEN)
    other = uri.replace(softhsm.KEY, "another")
    settings.PROCESSING_KEY_TOKEN = other
    assert refusal() == "token-key-wrong"  # there is none
    assert Token.at(other).make_key()
    assert refusal() == "token-key-wrong"  # it is not the one
    with pytest.raises(CommandError, match="token-key-wrong"):
        run("wrap_key")
    settings.PROCESSING_KEY_TOKEN = uri
    pem, password = folder / "processing.pem", folder / "processing.pem.password"
    for file in (pem, password):
        whole = file.read_bytes()
        file.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        assert refusal() == "token-key-wrong"
        file.write_bytes(whole)
    keys.forget()
    assert keys.processing_keys()


def test_the_wrapping_key_and_the_processing_key_rotate(folder: Path, settings: Settings) -> None:
    run("wrap_key", "--draw")
    old, wrapped = (
        str(settings.PROCESSING_KEY_TOKEN),
        (folder / "processing.pem.password").read_bytes(),
    )
    settings.PROCESSING_KEY_TOKEN = old.replace(softhsm.KEY, "wrap-2027")
    run("wrap_key", "--draw", "--from", old)
    assert (folder / "processing.pem.password").read_bytes() != wrapped
    keys.forget()
    first = keys.processing_keys()[0].key_id

    with pytest.raises(CommandError, match="token-not-named"):
        run("make_keys", "rotate")
    run("make_keys", "rotate", "--token", str(settings.PROCESSING_KEY_TOKEN))
    run("make_keys", "sign")
    run("make_keys", "take", str(folder / "directory-signed.cbor"))
    assert len(keys.processing_keys()) == 2
    assert not [
        file
        for file in folder.glob("*.password")
        if not file.read_bytes().startswith(b"steplabel-wrapped-1:")
    ]
    assert keys.published_directory().content.processing[-1].key_id != first


def test_a_run_that_was_cut_short_leaves_no_password_in_the_clear_behind_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine goes down when the wrapped password lies in its place, and the one in the clear
    under another name.
    """
    clear = (folder / "processing.pem.password").read_bytes().strip()

    def goes_down(_file: Path) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(wrapping, "overwrite_and_delete", goes_down)
        with pytest.raises(SystemExit):
            run("wrap_key", "--draw")
    assert [file.name for file in folder.iterdir() if clear in file.read_bytes()] == [
        "processing.pem.password.old"
    ]
    blocks = (folder / "processing.pem.password.old").open("rb")
    assert "opens by the key processing-wrap" in run("wrap_key")
    assert not [file for file in folder.iterdir() if clear in file.read_bytes()]
    assert clear not in blocks.read(), "overwritten, not only deleted"
    blocks.close()


def test_the_wrapped_password_is_on_the_disk_before_the_old_one_is_overwritten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a machine that goes down in between neither might be left, and with them all that is
    sealed to the key is lost.
    """
    on_disk: list[int] = []
    to_disk, overwrite = os.fsync, destruction.overwrite_and_delete

    def noted(descriptor: int) -> None:
        to_disk(descriptor)
        on_disk.append(os.fstat(descriptor).st_ino)

    def overwritten(file: Path) -> None:
        assert on_disk == [(folder / "processing.pem.password").stat().st_ino, folder.stat().st_ino]
        overwrite(file)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(wrapping, "overwrite_and_delete", overwritten)
    assert "wrapped by the key" in run("wrap_key", "--draw")
    assert len(on_disk) > 2, "what is overwritten is brought to the disk, too"


def test_a_change_of_the_wrapping_key_goes_on_where_it_was_cut_short(
    folder: Path, settings: Settings
) -> None:
    run("wrap_key", "--draw")
    old = str(settings.PROCESSING_KEY_TOKEN)
    run("make_keys", "rotate", "--only", "processing", "--token", old)
    settings.PROCESSING_KEY_TOKEN = old.replace(softhsm.KEY, "wrap-2027")
    new = Token.at(settings.PROCESSING_KEY_TOKEN)
    assert new.make_key()
    first, second = keys.processing_key_files()
    assert wrapping.wrap(first, new, Token.at(old))  # and then the token was unplugged
    output = run("wrap_key", "--from", old)
    assert f"{first}: opens by the key wrap-2027" in output
    assert f"{second}: wrapped by the key wrap-2027" in output
    keys.forget()
    assert len(keys.processing_keys()) == 2


@pytest.mark.parametrize(
    "uri", ["", "pkcs11:token=a;object=b", "file:token=a;object=b?module-path=/m&pin-source=/p"]
)
def test_an_address_that_says_too_little_is_refused(uri: str) -> None:
    with pytest.raises(InputError, match="token-uri-malformed"):
        Token.at(uri)


def test_a_pin_stands_in_no_address() -> None:
    with pytest.raises(InputError, match="token-uri-malformed"):
        Token.at("pkcs11:token=a;object=b?module-path=/m&pin-source=/p&pin-value=1234")


def test_only_the_worker_may_have_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSING_KEY_TOKEN", "pkcs11:…")
    assert processing_key_token(ProcessRole.WORKER)
    with pytest.raises(ImproperlyConfigured, match="Only the worker"):
        processing_key_token(ProcessRole.WEB)
