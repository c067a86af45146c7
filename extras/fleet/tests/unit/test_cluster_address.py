"""Addresses and files of TLS that no cluster can be reached by: refused at once, with place,
finding and remedy.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import InputError, Place
from extras.fleet import certificates
from reporting_agent.cli import main
from tests.servers import authority


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text('[fleet]\nname = "G"\n[[sites]]\nfile = "works/site.toml"\n', encoding="utf-8")
    return file


def refusal(fleet: Path, capsys: pytest.CaptureFixture[str], address: str, **files: Path) -> str:
    """What the terminal says of a run, which must come before a connection is tried."""
    options = [
        word
        for name, file in files.items()
        for word in (f"--tls-{name.replace('_', '-')}", str(file))
    ]
    began = time.monotonic()
    out = str(fleet.parent / "out")
    assert (
        main(
            [
                "fleet",
                "--config",
                str(fleet),
                "label",
                "--period",
                "2016",
                "--out",
                out,
                "--dask",
                address,
                *options,
            ]
        )
        == 1
    )
    assert time.monotonic() - began < 10
    return capsys.readouterr().err


def three(folder: Path, until: datetime | None = None) -> dict[str, Path]:
    authority.write(folder, "me", until)
    return {
        "ca_file": folder / "ca.pem",
        "cert": folder / "server.crt",
        "key": folder / "server.key",
    }


@pytest.mark.parametrize(
    ("address", "with_files", "code"),
    [
        ("127.0.0.1:8786", False, "dask-address"),
        ("127.0.0.1:8786", True, "dask-address"),
        ("https://127.0.0.1:8786", False, "dask-address"),
        ("tls://127.0.0.1:8786", False, "dask-tls-incomplete"),
        ("tcp://127.0.0.1:8786", True, "dask-without-tls"),
    ],
)
def test_an_address_that_goes_with_no_cluster_is_refused_at_once(
    address: str,
    with_files: bool,
    code: str,
    fleet: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = refusal(fleet, capsys, address, **(three(tmp_path) if with_files else {}))
    assert "--dask: " in message
    assert f"found:  {address}" in message
    assert "remedy: Give " in message
    assert f"[{code}]" in message


@pytest.mark.parametrize("name", ["ca_file", "cert", "key"])
def test_a_file_of_tls_that_is_missing_is_named(
    name: str, fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "nope.pem"
    message = refusal(fleet, capsys, "tls://127.0.0.1:8786", **three(tmp_path) | {name: missing})
    assert f"{missing}: This file for TLS cannot be read." in message
    assert "[dask-tls-file]" in message


def test_a_file_without_a_certificate_is_named(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = three(tmp_path)
    message = refusal(fleet, capsys, "tls://127.0.0.1:8786", **files | {"cert": files["key"]})
    assert f"{files['key']}: This file holds no certificate" in message


def test_a_certificate_that_expired_is_named_with_its_day(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    until = datetime.now(UTC) - timedelta(days=3)
    message = refusal(fleet, capsys, "tls://127.0.0.1:8786", **three(tmp_path, until))
    assert f"server.crt: This certificate expired on {until:%Y-%m-%d %H:%M} UTC." in message
    assert "found:  CN=me" in message
    assert "[dask-tls-expired]" in message


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(3, "This certificate expired on"), (-20, "This certificate is valid only from")],
)
def test_the_authority_is_looked_at_too(days: int, sentence: str, tmp_path: Path) -> None:
    files, now = three(tmp_path), datetime.now(UTC)
    certificates.require_usable(files["ca_file"], files["cert"], files["key"], now)
    with pytest.raises(InputError) as refused:
        certificates.require_usable(
            files["ca_file"], files["cert"], files["key"], now + timedelta(days=days)
        )
    assert refused.value.place == Place(str(files["ca_file"]))
    assert refused.value.sentence.startswith(sentence)
