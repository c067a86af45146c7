"""A real portal, the real agent as a program, an auditor's sample: what was opened is in no byte that the portal was ever sent."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from benchmarks.audit import openings
from portal import keys
from reporting_agent.enrolment import SEED_FILE
from reporting_agent.outbox import Outbox
from reporting_agent.state import StateDirectory
from tests.functional.whole_system.conftest import YEAR, AgentAtPlant
from tests.functional.whole_system.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


def agent(folder: Path, *arguments: object) -> dict[str, object]:
    """The JSON answer of a run on the auditor's machine or at the plant; no portal is named to it."""
    command = [sys.executable, "-m", "reporting_agent", *map(str, arguments), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    answer: dict[str, object] = json.loads(ran.stdout)
    return answer


@pytest.mark.timeout(900)  # a plant's year is simulated, committed to, opened and computed again
def test_nothing_of_an_opening_is_in_what_the_portal_was_sent(
    plant_of: Callable[..., AgentAtPlant], portal_relay: Relay, tmp_path: Path
) -> None:
    plant = plant_of("cement", road="meters")
    plant.answer("enrol")
    plant.answer("submit")
    state = StateDirectory(plant.folder / "state")
    with state.connect() as connection:
        (parcel,) = Outbox(connection).revisions(plant.plant.site, YEAR)
    assert parcel.challenge is not None
    office = tmp_path / "office"
    office.mkdir()
    for name, content in {
        "password": b"of the auditor",
        "challenge": parcel.challenge,
        "directory": keys.published_directory().signed,
        "head": base64.b64decode(httpx.get(f"{portal_relay.address}/api/v1/log/head/").json()["head"]),
    }.items():
        (office / name).write_bytes(content)

    auditor = ("--keys", "auditor.pem", "--password-file", "password")
    agent(office, "auditor", *auditor)
    agent(office, "draw", *auditor, "--nonce", "nonce", "--about", f"{plant.plant.site}/{YEAR}")
    few = ("--confidence", "80", "--share", "10")
    agent(office, "draw", *auditor, "--nonce", "nonce", "--commitment", "challenge", "--head", "head", "--out", "draw", *few)
    agent(office, "open", "draw", "--site", plant.site_toml, "--state", state.path, "--out", "opening", "--yes")
    plant.answer("submit")  # in touch with the portal again, after the opening
    plant.answer("status")

    fingerprint = keys.published_directory().fingerprint
    found = agent(office, "verify", "opening", "draw", "nonce.promise", "challenge", "head", "directory", "--fingerprint", fingerprint)
    assert found["held"]

    raw = (office / "opening").read_bytes()
    opening, sent = openings.read(raw), portal_relay.everything
    assert parcel.data_root is not None
    assert parcel.data_root in sent  # the search finds what was sent
    secret = [state.read_secret(SEED_FILE), opening.extract[:64], opening.extract[-64:], opening.settings[:64]]
    secret += [part for leaf in opening.leaves for part in (leaf.salt, leaf.record)]
    assert len(opening.leaves) > 50
    assert [part for part in dict.fromkeys(secret) if part in sent] == []
