"""A proposal walked from file to effect: people at browsers in both languages, the agent at a
plant, a running portal; then an erratum.

The new version raises the calorific factor of electricity, so labels move; the erratum puts half of
it back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from benchmarks import packs
from portal import keys
from portal.accounts import second_factor
from portal.accounts.enrolling import issue_token
from portal.accounts.models import User
from portal.governance.models import Proposal
from portal.intake.models import Submission, SubmissionState
from tests.functional.browser.conftest import ARGUMENTS
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.test_submit_survives_kill import write_plant
from tests.functional.whole_system.relay import Relay
from tests.integration.portal_cast import Cast, make_cast
from tests.unit.agent_send.cast import SITE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("whole-system"),
]

PERIOD = "2016"
OLD_FACTOR, NEW_FACTOR, CORRECTED = (
    "kgce_per_unit = 0.1229\n",
    "kgce_per_unit = 0.1329\n",
    "kgce_per_unit = 0.1279\n",
)
MakeReader = Callable[..., Reader]


def pack_file(folder: Path, version: str) -> Path:
    """The steel pack under another version, in effect from 2016 on, with a table of factors of that
    version.
    """
    text = (packs.HOME / "steel.toml").read_text(encoding="utf-8")
    for before, after in (
        ('version = "1"', f'version = "{version}"'),
        ('conversion = "1"', f'conversion = "{version}"'),
        ("effective_from = 2010-01-01", "effective_from = 2016-01-01"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    file = folder / f"steel-{version}.toml"
    file.write_text(text, encoding="utf-8")
    return file


def factors_file(folder: Path, version: str, factor: str) -> Path:
    text = (
        (packs.HOME / "conversion.toml")
        .read_text(encoding="utf-8")
        .replace('version = "1"', f'version = "{version}"', 1)
    )
    assert f'version = "{version}"' in text
    assert OLD_FACTOR in text
    file = folder / f"factors-{version}.toml"
    file.write_text(text.replace(OLD_FACTOR, factor), encoding="utf-8")
    return file


@dataclass
class Plant:
    """A steel works' folder, the agent on it, and its state directory."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reporting_agent", *arguments, "--json"]
        environment = {**os.environ, "STEPLABEL_STATE": str(self.folder / "state")}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=environment
        )

    def answer(self, *arguments: str) -> Any:
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return json.loads(ran.stdout)

    def refusal(self, *arguments: str) -> tuple[int, str]:
        ran = self.run(*arguments)
        return ran.returncode, json.loads(ran.stdout)["error"]["code"]

    def report_by(self, version: str) -> None:
        site = self.folder / "site.toml"
        lines = [
            line
            for line in site.read_text(encoding="utf-8").splitlines()
            if not line.startswith("pack_version")
        ]
        position = lines.index('pack = "steel"') + 1
        site.write_text(
            "\n".join([*lines[:position], f'pack_version = "{version}"', *lines[position:]]) + "\n",
            encoding="utf-8",
        )

    def label(self, out: str) -> dict[str, Any]:
        """The whole label.json."""
        self.answer("label", "--site", "site.toml", "--period", PERIOD, "--out", out)
        document: dict[str, Any] = json.loads(
            (self.folder / out / "label.json").read_text(encoding="utf-8")
        )
        return document


@pytest.fixture
def chromium(portal_relay: Relay) -> Iterator[Browser]:
    """Closed before the portal's databases are emptied: Playwright's loop runs in this thread."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium: Browser, portal_relay: Relay) -> Iterator[MakeReader]:
    folder = os.environ.get("STEPLABEL_SCREENSHOTS")
    yield from Reader.made_for(
        chromium, portal_relay.address, None if folder is None else Path(folder)
    )


def registered(folder: Path) -> tuple[Cast, str]:
    """People with their second factors, a steel works whose 2016 is open by version 4, and a token
    for its agent.
    """
    cast = make_cast(1, "steel")
    site = cast.plants[0].site
    site.slug = SITE
    site.save()
    cast.plants[0].device.delete()
    for user in User.objects.all():
        if second_factor.needed_by(user):
            second_factor.give(user)
    write_plant(folder)
    return cast, issue_token(site, None, keys.published_directory().fingerprint, timezone.now())


@pytest.mark.long
@pytest.mark.timeout(1800)  # five browsers and a dozen runs of the agent
def test_a_version_from_file_to_effect_and_an_erratum_after_it(
    reader: MakeReader, portal_relay: Relay, worker_sweeps: Callable[[], object], tmp_path: Path
) -> None:
    cast, token = in_a_worker(lambda: registered(tmp_path))
    plant = Plant(tmp_path)
    plant.answer("enrol", "--portal", portal_relay.address, "--token", token)
    first_label = plant.label("by-4")
    proposer, owner = (
        reader("en", 1440, cast.provincial.email),
        reader("zh-hans", 360, cast.plants[0].owner.email),
    )
    drafter, two = (
        reader("en", 360, cast.drafter.email),
        reader("zh-hans", 1440, cast.approver.email),
    )

    # proposed: first with a fault, which is named with its place
    proposer.open("/packs/proposals/")
    proposer.look("proposals-empty")
    _propose(proposer, packs.HOME / "steel.toml", None, "")
    proposer.look("propose-faults", expected_status=400)
    assert "a version number that does not exist yet" in proposer.text()
    _propose(proposer, pack_file(tmp_path, "5"), factors_file(tmp_path, "5", NEW_FACTOR), "")
    assert "0.1229 0.1329" in proposer.text()
    proposer.look("proposal-own")
    proposal = in_a_worker(lambda: Proposal.objects.get().pk)
    assert plant.refusal("pack", "fetch", "steel@5") == (1, "pack-not-approved")

    # commented on, answered, approved by two
    _comment_and_answer(owner, drafter, proposal)
    _approve(drafter, proposal)
    assert plant.refusal("pack", "fetch", "steel@5") == (1, "pack-not-approved")
    two.open(f"/packs/proposals/{proposal}/")
    two.look("proposal-to-approve")
    _approve(two, proposal)
    two.look("proposal-approved")

    # fetched, and reported by
    plant.report_by("5")
    assert plant.refusal("label", "--site", "site.toml", "--period", PERIOD) == (
        1,
        "pack-version-unknown",
    )
    (fetched,) = plant.answer("pack", "fetch", "steel")["packs"]
    second_label = plant.label("by-5")
    assert (
        second_label["method"]["pack_digest"]
        == fetched["digest"]
        != first_label["method"]["pack_digest"]
    )
    assert plant.refusal("submit", "--site", "site.toml", "--period", "2015") == (
        4,
        "pack-not-in-effect",
    )
    _take_up(two, cast.group.pk, "5")
    plant.answer("submit", "--site", "site.toml", "--period", PERIOD)
    in_a_worker(worker_sweeps)
    accepted = in_a_worker(lambda: Submission.objects.get())
    assert (accepted.state, accepted.pack_version, accepted.reason) == (
        SubmissionState.ACCEPTED,
        "5",
        "",
    )

    # an erratum, by the same way in the other language
    _propose(two, pack_file(tmp_path, "5.1"), factors_file(tmp_path, "5.1", CORRECTED), "5")
    erratum = in_a_worker(lambda: Proposal.objects.get(version="5.1").pk)
    two.look("erratum-own")
    three = reader("zh-hans", 360, in_a_worker(lambda: _colleague(cast)))
    for person in (drafter, three):
        person.open(f"/packs/proposals/{erratum}/")
        person.look("erratum-to-approve")
        _approve(person, erratum)
    plant.answer("pack", "fetch", "steel@5.1")
    moved = plant.answer(
        "pack", "diff", "steel@5", "steel@5.1", "--site", "site.toml", "--period", PERIOD
    )["labels"]
    plant.report_by("5.1")
    third_label = plant.label("by-5.1")
    changes = {
        (row["step"], row["metric"], row["value"]): (row["before"], row["after"]) for row in moved
    }
    assert _effects(second_label, third_label) == changes
    assert moved
    group = in_a_worker(lambda: cast.group.__class__.objects.get(pack_version="5").pk)
    _take_up(two, group, "5.1")
    plant.answer("submit", "--site", "site.toml", "--period", PERIOD, "--correct")
    in_a_worker(worker_sweeps)
    states = in_a_worker(
        lambda: list(Submission.objects.order_by("revision").values_list("pack_version", "state"))
    )
    assert states == [("5", SubmissionState.SUPERSEDED), ("5.1", SubmissionState.ACCEPTED)]

    # what was labelled by the old ones comes out the same to the digit
    for version, before in (("5", second_label), ("4", first_label)):
        plant.report_by(version)
        assert plant.label(f"again-{version}") == before

    # the public reads versions, numbers and what the erratum changes, in both languages
    for screen in (("en", 1440), ("zh-hans", 360)):
        _read_by_the_public(reader(*screen))


def _propose(person: Reader, file: Path, factors: Path | None, corrects: str) -> None:
    person.open("/packs/proposals/new/")
    person.look("propose")
    person.page.set_input_files("#id_file", file)
    if factors is not None:
        person.page.set_input_files("#id_factors", factors)
    person.page.fill("#id_corrects", corrects)
    person.page.fill("#id_reason", "The factor of electricity was read off the wrong line.")
    person.page.fill("#id_sources", "GB/T 2589-2020, annex A")
    _press(person, "form[enctype] button")


def _comment_and_answer(owner: Reader, regulator: Reader, proposal: int) -> None:
    owner.open("/packs/proposals/")
    owner.look("proposals")
    owner.open(f"/packs/proposals/{proposal}/")
    owner.look("proposal-to-comment")
    owner.page.fill("#id_text", "附录A的数值是0.1229。")
    _press(owner, "#comments form button")
    regulator.open(f"/packs/proposals/{proposal}/")
    regulator.page.click("#comments details summary")
    regulator.page.fill("#comments details textarea", "The amendment has another value.")
    _press(regulator, "#comments details button")
    owner.open(f"/packs/proposals/{proposal}/")
    owner.look("proposal-answered")
    assert "The amendment has another value." in owner.text()


def _approve(person: Reader, proposal: int) -> None:
    person.open(f"/packs/proposals/{proposal}/")
    _press(person, "#decide form button")


def _take_up(officer: Reader, group: int, version: str) -> None:
    """The period is closed where it was open, and opened in the group of the new version."""
    officer.open("/periods/")
    officer.look("packs-with-a-version")
    officer.page.click(f"a[href='/periods/groups/{group}/take-up/{version}/']")
    officer.look("take-up")
    _press(officer, "main form button")
    officer.open(f"/periods/groups/{group}/{PERIOD}/close/")
    _press(officer, "main form button")
    following = in_a_worker(lambda: _group_of(version))
    officer.open(f"/periods/groups/{following}/open/")
    officer.page.fill("#id_name", PERIOD)
    _press(officer, "main form button")
    officer.look("open-period-due-in-the-past", expected_status=400)
    officer.page.fill("#id_due", "2099-03-31")
    _press(officer, "main form button")


def _group_of(version: str) -> int:
    from portal.catalogue.models import PeerGroup

    return PeerGroup.objects.get(pack_version=version).pk


def _colleague(cast: Cast) -> str:
    """A third regulator of the nation."""
    from portal.accounts.models import Organisation, Role
    from tests.integration.portal_cast import person

    regulator = person(
        "third@example.org", Organisation.objects.get(name="Ministry"), Role.REGULATOR
    )
    second_factor.give(regulator)
    return regulator.email


def _effects(
    before: dict[str, Any], after: dict[str, Any]
) -> dict[tuple[str, str, str], tuple[float | None, float | None]]:
    """Every best, typical value and mean that differs between two label files."""
    effects = {}
    for old, new in zip(before["steps"], after["steps"], strict=True):
        best = ("best", old["best"]["value"], new["best"]["value"])
        for name, a, b in (
            best,
            *((statistic, old[statistic], new[statistic]) for statistic in ("typical", "mean")),
        ):
            if a != b:
                effects[old["step"], old["metric"], name] = (a, b)
    return effects


def _read_by_the_public(visitor: Reader) -> None:
    for address, name in (
        ("/methods/steel/5.1/", "method-version"),
        ("/methods/steel/5.1/?role=limit", "method-limits"),
        ("/methods/steel/5/", "method-corrected"),
        ("/methods/steel/5.1/?against=5", "method-compare"),
        ("/methods/steel/5.1/?number=quantile/steps.eaf.quantile", "method-number"),
    ):
        visitor.open(address)
        visitor.look(name)
    visitor.open("/methods/steel/5.1/?against=5")
    assert "0.1329 0.1279" in visitor.text()


def _press(person: Reader, button: str) -> None:
    with person.page.expect_navigation():
        person.page.click(button)
