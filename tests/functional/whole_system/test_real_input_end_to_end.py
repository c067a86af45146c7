"""Two years of real heats from the plant's file to an accepted report, carried by hand; and the
small firm, refused in clear words.

`pytest -rP` on this file prints the table of figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from django.utils import timezone

from benchmarks import packs
from benchmarks.privacy.intervals import interval
from benchmarks.wire.schema import decode_report
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, Site
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.intake.models import Submission, SubmissionState
from portal.opening.models import OpenedReport
from tests.functional.real_data import HEATS, MACHINES, site_of
from tests.functional.whole_system.relay import Relay

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("whole-system"),
]

BOTH = "2015-01-01/2017-01-01"


@dataclass(frozen=True)
class Expected:
    """What the file holds, counted apart from this code; kWh/t on a nominal 122.5 t."""

    used: int
    excluded: dict[str, int]
    minimum: float
    best: float
    typical: float
    mean: float
    count_class: int


OF_PERIOD = {
    "2015": Expected(
        6_012,
        {
            "outside-period": 7_719,
            "energy-unknown": 957,
            "impossible-power": 33,
            "too-short": 5,
            "zero-energy": 1,
        },
        124.5,
        351.0,
        390.8,
        389.1,
        5000,
    ),
    "2016": Expected(
        6_548,
        {
            "outside-period": 7_008,
            "energy-unknown": 1_129,
            "impossible-power": 31,
            "too-short": 9,
            "sentinel": 2,
        },
        133.7,
        356.1,
        399.0,
        396.8,
        5000,
    ),
    BOTH: Expected(
        12_560,
        {
            "energy-unknown": 2_086,
            "impossible-power": 64,
            "too-short": 14,
            "sentinel": 2,
            "zero-energy": 1,
        },
        124.5,
        354.1,
        394.9,
        393.1,
        10_000,
    ),
}


@dataclass(frozen=True)
class Agent:
    """The agent as a program of its own on one site's folder."""

    site: Path

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        folder = self.site.parent
        where = [] if command == "enrol" else ["--site", str(self.site)]
        state = [] if command in {"check", "label"} else ["--state", str(folder / "state")]
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "reporting_agent",
                command,
                *where,
                *state,
                *arguments,
                "--json",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )

    def answer(self, command: str, *arguments: str) -> dict[str, Any]:
        ran = self.run(command, *arguments)
        assert ran.returncode == 0, ran.stderr
        return dict(json.loads(ran.stdout))


@pytest.fixture
def steelworks(portal_relay: Relay, tmp_path: Path) -> Agent:
    """The real heats' site, registered and enrolled, with both years and their union open."""
    agent = Agent(site_of(*HEATS, tmp_path))
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    firm = ControllingFirm.objects.create(name="Furnace firm")
    works = Organisation.objects.create(
        name="Furnace works", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
    )
    site = Site.objects.create(
        slug="eaf-heats",
        name="Furnace works",
        organisation=works,
        jurisdiction=nation,
        pack="steel",
    )
    years, both = (
        make_peer_group("steel", nation, [site], route) for route in (None, "eaf")
    )  # periods of one group never overlap
    for name in OF_PERIOD:
        open_period(both if name == BOTH else years, name, "test", datetime.now(UTC))
    token = issue_token(site, None, keys.published_directory().fingerprint, timezone.now())
    agent.answer("enrol", "--portal", portal_relay.address, "--token", token)
    return agent


def hand_in(relay: Relay, file: Path) -> httpx.Response:
    """What the portal's upload page does, by anybody who was given the file."""
    return httpx.post(
        f"{relay.address}/api/v1/submissions/",
        content=file.read_bytes(),
        headers={"Content-Type": "application/cbor"},
    )


def line(*cells: object) -> str:
    return "".join(
        f"{cell:>12.1f}" if isinstance(cell, float) else f"{cell!s:>12}" for cell in cells
    )


def test_two_years_of_real_heats_reach_the_portal_in_a_file_and_are_accepted(
    steelworks: Agent, portal_relay: Relay, worker_sweeps: Callable[[], object]
) -> None:
    folder = steelworks.site.parent
    table = [
        line(
            "kWh/t",
            "used",
            "minimum",
            "best",
            "typical",
            "mean",
            "best out",
            "low",
            "high",
            "typical out",
            "low",
            "high",
        )
    ]
    quality = steelworks.answer("check")
    assert (quality["batches"]["read"], quality["rejected_rows"]) == (14_727, 0)
    for period, expected in OF_PERIOD.items():
        exact = {
            step["metric"]: step for step in steelworks.answer("label", "--period", period)["steps"]
        }
        electricity = exact["electricity"]
        assert electricity["batches"] == {
            "read": 14_727,
            "used": expected.used,
            "excluded": expected.excluded,
        }
        values = (
            electricity["minimum"],
            electricity["best"]["value"],
            electricity["typical"],
            electricity["mean"],
        )
        assert values == pytest.approx(
            (expected.minimum, expected.best, expected.typical, expected.mean), abs=0.06
        )
        assert (
            electricity["minimum"] < 0.4 * electricity["best"]["value"]
        )  # the raw minimum is never the label
        # At home a carrier that no run reports is taken as not used, and said; it is not released.
        assert exact["total"]["best"]["value"] == pytest.approx(
            electricity["best"]["value"] * 0.1229
        )
        assert exact["total"]["missing_carriers"] == ["natural-gas", "coke"]
        assert {"natural-gas", "coke"} <= {
            assumption["what"] for assumption in exact["total"]["assumed"]
        }

        shown = steelworks.answer("preview", "--period", period)
        withheld = [entry for entry in shown["report"]["withheld"] if entry["step"] == "eaf"]
        assert withheld == [{"step": "eaf", "metric": "total", "reason": "metric-incomplete"}]
        assert shown["missing_carriers"] == [
            {"step": "eaf", "metric": "total", "carriers": ["natural-gas", "coke"]}
        ]

        file = folder / f"{period.replace('/', '-')}.cbor"
        reply = steelworks.answer("submit", "--period", period, "--offline", str(file))
        assert [entry for entry in reply["withheld"] if entry["step"] == "eaf"] == [
            {
                "step": "eaf",
                "metric": "total",
                "reason": "metric-incomplete",
                "missing_carriers": ["natural-gas", "coke"],
            }
        ]
        assert Submission.objects.filter(period=period).count() == 0
        first, again = hand_in(portal_relay, file), hand_in(portal_relay, file)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["receipt"] == again.json()["receipt"]
        worker_sweeps()
        submission = Submission.objects.get(period=period)
        assert (submission.state, submission.reason) == (SubmissionState.ACCEPTED, "")

        (label,) = decode_report(
            bytes(OpenedReport.objects.get(envelope_digest=submission.digest).report)
        ).released.labels
        assert (label.step, label.metric, label.count_class) == (
            "eaf",
            "electricity",
            expected.count_class,
        )
        rule = packs.load("steel").step("eaf").metric(label.metric)
        rng = np.random.default_rng(
            1
        )  # of the simulation behind the interval; the draw itself is the site's
        intervals = (
            interval(label, "best", rng, rule=rule),
            interval(label, "typical", rng, rule=rule),
        )
        for value, (low, high), true in zip(
            (label.best_value, label.typical_value), intervals, values[1:3], strict=True
        ):
            assert (
                abs(float(value) - true) <= 3
            )  # cells of 1 kWh/t; farther has less than a chance in a million here
            assert low <= float(value) <= high
            assert high - low < 0.03 * true
        released = (
            float(label.best_value),
            *intervals[0],
            float(label.typical_value),
            *intervals[1],
        )
        table.append(
            line(period[:4] if period != BOTH else "both", expected.used, *values, *released)
        )

    sent = steelworks.answer("submit", "--period", "2016")  # the same bytes, for the receipt
    assert (sent["state"], sent["receipt"]["log_index"]) == (
        "received",
        Submission.objects.get(period="2016").log_index,
    )
    (budget,) = [entry for entry in steelworks.answer("status")["budget"] if entry["year"] == 2016]
    assert (budget["batches"], budget["spent"], budget["left"]) == (6_548, "2", "0")
    sys.stdout.write("\n".join(table) + "\n")


def test_the_small_firm_is_told_why_its_own_pack_is_not_reported_before_anything_is_read_or_written(
    tmp_path: Path,
) -> None:
    agent = Agent(site_of(*MACHINES, tmp_path))
    file = tmp_path / "sealed.cbor"
    for command, *more in (("preview",), ("submit", "--offline", str(file))):
        refused = agent.run(command, "--period", "2022-Q3", *more)
        error = json.loads(refused.stdout)["error"]
        assert (refused.returncode, error["code"]) == (4, "pack-of-its-own")
        assert "Nobody else reports with it" in error["sentence"]
        assert "aluminium, cement, steel" in error["remedy"]
    assert not file.exists()
    assert not (tmp_path / "state").exists()
