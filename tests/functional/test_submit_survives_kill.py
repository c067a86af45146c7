"""`submit` killed with SIGKILL between any two of its steps, against a real HTTP server: one
report, one debit, the same bytes.

The agent runs as a process of its own on files of its own. The process that is to die calls the
command with a checkpoint that kills it; the one after it is the command as anybody runs it.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.wire import envelope, sealing
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.signing import ReceiptKey
from reporting_agent.sending.submission import STEPS
from tests.unit.agent_send.cast import SITE, FakePortal

ROOT = Path(__file__).resolve().parents[2]

TELLING = ("debited", "sent")
"""Where a death could cost most: paid for and nothing sealed; taken by the portal and nobody
told.
"""


def at_steps(telling: Sequence[str]) -> list[Any]:
    """Every step of `submit`; in the short form those that tell most, and
    `test_killed_at_every_step_in_turn` dies at each.
    """
    return [
        step if step in telling else pytest.param(step, marks=pytest.mark.long) for step in STEPS
    ]


DYING_SUBMIT = """
import argparse, os, pathlib, signal, sys
from reporting_agent.commands import submit
site, state, stop_at, *pool = sys.argv[1:]
def checkpoint(name):
    if name == stop_at:
        os.kill(os.getpid(), signal.SIGKILL)
args = argparse.Namespace(
    site=site, period="2016", pool=bool(pool), correct=False, offline=None, challenge=None, directory=None,
    state=pathlib.Path(state), proxy=None, ca_file=None, json=True,
)
sys.exit(submit.run(args, checkpoint))
"""


class Server:
    """The cast's portal behind real sockets."""

    def __init__(self) -> None:
        self.portal = portal = FakePortal(today=lambda: datetime.now(UTC))

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                address = f"http://{self.headers['Host']}{self.path}"
                answered = portal(
                    httpx.Request(self.command, address, headers=dict(self.headers), content=body)
                )
                self.send_response(answered.status_code)
                self.send_header("Content-Type", answered.headers["content-type"])
                self.send_header("Content-Length", str(len(answered.content)))
                self.end_headers()
                self.wfile.write(answered.content)

            do_GET = do_POST = answer  # noqa: N815  # the names that http.server asks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Plant:
    """A small steel plant's folder and the agent on it."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.site, self.state, self._url = folder / "site.toml", folder / "state", url
        write_plant(folder)
        self.token = token

    def agent(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "reporting_agent",
            *arguments,
            "--state",
            str(self.state),
            "--json",
        ]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )

    def text(self, *arguments: str) -> str:
        """What a person reads."""
        command = [sys.executable, "-m", "reporting_agent", *arguments, "--state", str(self.state)]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
        ).stdout

    def enrol(self) -> subprocess.CompletedProcess[str]:
        return self.agent("enrol", "--portal", self._url, "--token", self.token)

    def submit(self, *more: str) -> subprocess.CompletedProcess[str]:
        return self.agent("submit", "--site", str(self.site), "--period", "2016", *more)

    def start_submit(self) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "reporting_agent",
            "submit",
            "--site",
            str(self.site),
            "--period",
            "2016",
            "--state",
            str(self.state),
        ]
        return subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def submit_dying_at(self, step: str, *pool: str) -> int:
        command = [sys.executable, "-c", DYING_SUBMIT, str(self.site), str(self.state), step, *pool]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=120, check=False
        ).returncode

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.state / "state.sqlite")) as connection:
            return connection.execute(query).fetchall()


def write_plant(folder: Path, heats: int = 120, years: Sequence[int] = (2016,)) -> None:
    """So many heats in each of the years."""
    chance = random.Random(7)  # noqa: S311  # a plant made up for a test
    folder.joinpath("site.toml").write_text(
        f'[site]\nid = "{SITE}"\ntimezone = "Asia/Shanghai"\npack = "steel"\n\n[inputs]\nbatches '
        '= "batches.csv"\nenergy = "energy.csv"\n',
        encoding="utf-8",
    )
    batches = [
        "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status,var.hot_metal_pct"
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit,lhv_source"]
    for index in range(heats * len(years)):
        start = datetime(years[index // heats], 1, 2, tzinfo=UTC) + timedelta(
            hours=60 * (index % heats)
        )
        end = start + timedelta(minutes=50)
        name = f"HEAT-{index:04d}"
        batches.append(
            f"{name},eaf,liquid-steel,{start.isoformat()},{end.isoformat()},120,t,any,F1,good,0"
        )
        energy.append(f"{name},eaf,electricity,{round(chance.gauss(400, 20) * 120, 1)},kWh,,,")
        energy.append(f"{name},eaf,natural-gas,240,Nm3,36,MJ/Nm3,measured")
        energy.append(f"{name},eaf,coke,1200,kg,28.4,MJ/kg,measured")
    folder.joinpath("batches.csv").write_text("\n".join(batches) + "\n", encoding="utf-8")
    folder.joinpath("energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def plant(tmp_path: Path, server: Server) -> Plant:
    plant = Plant(tmp_path, server.url, server.portal.token.text())
    enrolled = plant.enrol()
    assert enrolled.returncode == 0, enrolled.stderr
    return plant


def whole_report(server: Server) -> bytes:
    """The one envelope the portal holds, opened."""
    (body,) = server.portal.submissions.values()
    parsed = envelope.parse(body)
    envelope.open(
        parsed, server.portal.processing_key, server.portal.devices[parsed.header.device_id]
    )
    return body


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("step", at_steps(TELLING))
def test_killed_at_a_step_and_run_again(plant: Plant, server: Server, step: str) -> None:
    assert plant.submit_dying_at(step) == -signal.SIGKILL
    ledger_after_kill = plant.rows("SELECT * FROM ledger ORDER BY 1, 2, 3")
    sealed_after_kill = plant.rows("SELECT envelope FROM parcel WHERE envelope IS NOT NULL")

    done = plant.submit()

    assert done.returncode == 0, done.stderr
    body = whole_report(server)
    assert list(server.portal.submissions) == [(SITE, "2016", 1)]
    assert set(server.portal.bodies) == {body}
    assert sealed_after_kill in ([], [(body,)])
    ledger = plant.rows("SELECT * FROM ledger ORDER BY 1, 2, 3")
    assert len(ledger) == 2 * 120
    assert ledger_after_kill in ([], ledger)
    assert json.loads(done.stdout)["receipt"]["envelope_digest"] == envelope.digest(body)


def test_killed_at_every_step_in_turn(plant: Plant, server: Server) -> None:
    """A machine that dies again and again: each run comes at least as far as the one before."""
    codes = [plant.submit_dying_at(step) for step in STEPS]
    assert codes == [-signal.SIGKILL] * len(STEPS)
    assert plant.submit().returncode == 0
    assert set(server.portal.bodies) == {whole_report(server)}
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(2 * 120,)]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_at_any_moment_at_all(plant: Plant, server: Server) -> None:
    """At 200 random instants; as soon as a report is through, the next one begins on a fresh state
    directory.
    """
    chance = random.Random(os.getpid())  # noqa: S311  # moments, not secrets
    finished = 0
    for number in range(200):
        running = plant.start_submit()
        try:
            running.wait(timeout=chance.uniform(0.4, 2.0))
        except subprocess.TimeoutExpired:
            running.kill()
        running.communicate()
        spent = (
            plant.rows("SELECT COUNT(*) FROM ledger")
            if (plant.state / "state.sqlite").exists()
            else [(0,)]
        )
        assert spent in ([(0,)], [(2 * 120,)])
        assert spent == [(2 * 120,)] or server.portal.bodies == []
        if number % 20 == 19:  # let it end, then another site's agent, so to say
            assert plant.submit().returncode == 0
            assert set(server.portal.bodies) == {whole_report(server)}
            assert len(server.portal.challenges) == 1
            finished += 1
            _begin_again(plant, server)
    assert finished == 10


def _begin_again(plant: Plant, server: Server) -> None:
    """A site that was never enrolled, at a portal that holds nothing."""
    shutil.rmtree(plant.state)
    portal = server.portal
    for memory in (
        portal.submissions,
        portal.bodies,
        portal.challenges,
        portal.commitment_bodies,
        portal.redeemed,
    ):
        memory.clear()
    assert plant.enrol().returncode == 0


def test_two_runs_at_once_send_one_report(plant: Plant, server: Server) -> None:
    both = [plant.start_submit(), plant.start_submit()]
    ends = [(process.communicate()[1], process.returncode) for process in both]
    assert all(code == 0 or "state-busy" in errors for errors, code in ends), ends
    assert any(code == 0 for _, code in ends)
    assert set(server.portal.bodies) == {whole_report(server)}
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(2 * 120,)]


def test_enrol_preview_offline_submit_and_status_tell_one_story(
    plant: Plant, server: Server, tmp_path: Path
) -> None:
    preview = plant.agent("preview", "--site", str(plant.site), "--period", "2016")
    assert preview.returncode == 0, preview.stderr
    assert json.loads(preview.stdout)["drawn"] is False
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(0,)]

    sealed = plant.submit("--offline", str(tmp_path / "report.sealed"))
    assert sealed.returncode == 0, sealed.stderr
    assert server.portal.bodies == []

    assert plant.submit().returncode == 0
    assert server.portal.bodies == [(tmp_path / "report.sealed").read_bytes()]

    shown = json.loads(plant.agent("preview", "--site", str(plant.site), "--period", "2016").stdout)
    assert shown["drawn"] is True
    assert shown["state"] == "received"
    assert "HEAT-" not in json.dumps(shown)

    status = json.loads(plant.agent("status", "--site", str(plant.site)).stdout)
    assert status["budget"] == [
        {
            "step": "eaf",
            "year": 2016,
            "batches": 120,
            "spent": "2",
            "in_corrections": "0",
            "cap": "2",
            "left": "0",
        },
    ]
    assert [report["state"] for report in status["reports"]] == ["received"]


def test_a_site_without_any_connection_goes_two_ways_by_hand(
    plant: Plant, server: Server, tmp_path: Path
) -> None:
    """Commitment out, challenge in, sealed report out: every step says the next one, and nothing is
    spent before the challenge.
    """
    file, commitment = tmp_path / "report.sealed", tmp_path / "report.sealed.commitment"
    server.__exit__()  # nothing to be reached from here on
    first = plant.submit("--offline", str(file))
    assert first.returncode == 0, first.stderr
    reply = json.loads(first.stdout)
    assert (reply["state"], reply["file"], reply["commitment_file"]) == (
        "committed",
        None,
        str(commitment),
    )
    assert not file.exists()
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(0,)]
    status = plant.text("status")
    assert "waiting for the portal's challenge" in status
    assert "submit --offline FILE" in status

    carried = commitment.read_bytes()
    again = plant.submit("--offline", str(file))
    assert (again.returncode, commitment.read_bytes()) == (0, carried)

    answer = server.portal(
        httpx.Request("POST", f"{server.url}/api/v1/commitments/", content=carried)
    ).json()["challenge"]
    challenge = tmp_path / "challenge.cbor"
    challenge.write_bytes(base64.b64decode(answer))
    done = plant.submit("--offline", str(file), "--challenge", str(challenge))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == str(file)
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(240,)]
    stored = server.portal(
        httpx.Request("POST", f"{server.url}/api/v1/submissions/", content=file.read_bytes())
    )
    assert stored.status_code == 201
    whole_report(server)

    sealed = file.read_bytes()
    file.unlink()
    once_more = plant.submit("--offline", str(file), "--challenge", str(challenge))
    assert (once_more.returncode, file.read_bytes()) == (0, sealed)


def test_a_site_without_any_connection_takes_changed_keys_by_hand(
    plant: Plant, server: Server, tmp_path: Path
) -> None:
    file, commitment = tmp_path / "report.sealed", tmp_path / "report.sealed.commitment"
    challenge, directory = tmp_path / "challenge.cbor", tmp_path / "steplabel-directory-2.cbor"
    server.__exit__()
    assert plant.submit("--offline", str(file)).returncode == 0
    server.portal.number, server.portal.receipt_key, server.portal.processing_key = (
        2,
        ReceiptKey.generate(),
        sealing.generate(),
    )
    committed = httpx.Request(
        "POST", f"{server.url}/api/v1/commitments/", content=commitment.read_bytes()
    )
    challenge.write_bytes(base64.b64decode(server.portal(committed).json()["challenge"]))

    def code_of(*arguments: str) -> tuple[int, str]:
        refused = plant.submit(*arguments)
        return refused.returncode, json.loads(refused.stdout)["error"]["code"]

    by_hand = ("--offline", str(file), "--challenge", str(challenge))
    assert code_of(*by_hand) == (1, "challenge-signature-invalid")
    assert code_of(*by_hand, "--directory", str(directory)) == (1, "directory-unreadable")
    assert code_of("--directory", str(directory)) == (2, "directory-without-offline")
    directory.write_bytes(challenge.read_bytes())
    assert code_of(*by_hand, "--directory", str(directory))[0] == 1  # it is none
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(0,)]

    directory.write_bytes(server.portal.signed_directory())
    assert plant.submit(*by_hand, "--directory", str(directory)).returncode == 0
    stored = server.portal(
        httpx.Request("POST", f"{server.url}/api/v1/submissions/", content=file.read_bytes())
    )
    assert stored.status_code == 201
    assert envelope.parse(file.read_bytes()).header.key_id == server.portal.processing_key.key_id
    assert plant.submit(*by_hand).returncode == 0  # it is kept


def test_a_challenge_of_another_commitment_is_told_and_the_right_one_still_counts(
    plant: Plant, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "report.sealed"
    server.__exit__()
    assert plant.submit("--offline", str(file)).returncode == 0
    other = server.portal.challenge_for(ReportCommitment(SITE, "2017", 1, bytes(32)), bytes(32))
    challenge = tmp_path / "challenge.cbor"
    challenge.write_bytes(other)
    refused = plant.submit("--offline", str(file), "--challenge", str(challenge))
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (
        1,
        "challenge-for-another",
    )
    missing = plant.submit("--offline", str(file), "--challenge", str(tmp_path / "nothing"))
    assert (missing.returncode, json.loads(missing.stdout)["error"]["code"]) == (
        1,
        "challenge-unreadable",
    )
    without = plant.submit("--challenge", str(challenge))
    assert (without.returncode, json.loads(without.stdout)["error"]["code"]) == (
        2,
        "challenge-without-offline",
    )
    assert plant.rows("SELECT COUNT(*) FROM ledger") == [(0,)]


def test_an_unreachable_portal_ends_with_3_and_nothing_is_lost(
    plant: Plant, server: Server
) -> None:
    server.__exit__()
    away = plant.submit()
    assert away.returncode == 3, away.stderr
    status = json.loads(plant.agent("status").stdout)
    assert [report["state"] for report in status["reports"]] == ["committed"]
    assert (status["budget"], status["unfinished"]) == ([], 1)
