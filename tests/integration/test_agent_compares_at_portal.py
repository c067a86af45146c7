"""`compare` against a real portal: the benchmark fetched by itself, its signature held to the
enrolment, doubt and withdrawal said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from fixtures.simulator import Sector
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Organisation, Role, Site
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from reporting_agent.cli import main
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
    pytest.mark.xdist_group("live-portal"),
]


@dataclass(frozen=True)
class Works:
    """A simulated cement works, the portal it is enrolled at, and the benchmark published there."""

    folder: Path
    portal: str
    cast: Cast
    published: Publication
    capsys: pytest.CaptureFixture[str]

    @property
    def address(self) -> str:
        return f"{self.portal}/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/"

    def compare(self, *arguments: str, state: str = "state") -> tuple[int, str, str]:
        self.capsys.readouterr()
        site, where = str(self.folder / "site.toml"), str(self.folder / state)
        code = main(["compare", "--site", site, "--state", where, *arguments])
        return code, *self.capsys.readouterr()

    def answer(self, *arguments: str, state: str = "state") -> dict[str, Any]:
        code, out, err = self.compare(*arguments, "--json", state=state)
        assert code == 0, err
        return dict(json.loads(out))


@pytest.fixture
def works(live_server: LiveServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Works:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=number - 5))
    open_waiting()
    published = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )

    simulated = Sector("cement", 1, 1, int(PERIOD)).plants[0]
    simulated.write(tmp_path, faults=0, road="csv")
    firm = ControllingFirm.objects.create(name=simulated.firm)
    enterprise = Organisation.objects.create(
        name=simulated.name, kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=cast.nation
    )
    site = Site.objects.create(
        slug=simulated.site,
        name=simulated.name,
        organisation=enterprise,
        jurisdiction=cast.nation,
        pack="cement",
    )
    token = issue_token(site, None, keys.published_directory().fingerprint, timezone.now())
    assert (
        main(
            [
                "enrol",
                "--portal",
                live_server.url,
                "--token",
                token,
                "--state",
                str(tmp_path / "state"),
            ]
        )
        == 0
    )
    return Works(tmp_path, live_server.url, cast, published, capsys)


def test_an_enrolled_agent_fetches_the_newest_benchmark_and_holds_its_signature_to_the_enrolment(
    works: Works,
) -> None:
    by_itself, by_address = works.answer(), works.answer("--benchmark", works.address)
    assert by_itself["steps"] == by_address["steps"] == works.answer("--period", PERIOD)["steps"]
    assert by_itself["benchmark"] == {
        "source": f"{works.portal}/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/",
        "pack": "cement",
        "pack_version": works.cast.pack.version,
        "period": PERIOD,
        "version": 1,
        "signature": "verified",
        "withdrawn": None,
    }
    page = f"{works.portal}/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"
    assert "text/html" in httpx.get(page).headers["content-type"]
    assert works.answer("--benchmark", page)["steps"] == by_itself["steps"]
    file = works.folder / "benchmark.json"
    file.write_bytes(httpx.get(works.address).content)
    assert works.answer("--benchmark", str(file))["steps"] == by_itself["steps"]
    served = httpx.get(
        f"{works.portal}/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/references/"
    ).json()
    assert by_itself["references"] == served != []
    assert "0 of 9 figures that others publish agree" in works.compare()[1]
    gaps = [step for step in by_itself["steps"] if step["gap"] is not None]
    assert {step["step"] for step in gaps} == {step.id for step in works.cast.pack.steps}
    for step in gaps:
        assert step["gap"] == pytest.approx(step["label"] - step["benchmark"])


def test_an_altered_benchmark_is_refused_by_an_enrolled_agent(works: Works) -> None:
    document = httpx.get(works.address).json()
    document["steps"][0]["best"] *= 0.9
    copy = works.folder / "altered.json"
    copy.write_text(json.dumps(document), encoding="utf-8")
    code, out, err = works.compare("--benchmark", str(copy))
    assert (code, out) == (1, "")
    assert "[benchmark-signature-invalid]" in err


def test_without_enrolment_the_comparison_says_that_nothing_was_verified(works: Works) -> None:
    code, out, _ = works.compare("--benchmark", works.address, state="elsewhere")
    assert code == 0
    assert "NOT VERIFIED: this agent is enrolled at no portal" in out
    assert (
        works.answer("--benchmark", works.address, state="elsewhere")["benchmark"]["signature"]
        == "not-checked"
    )
    assert "Signature verified" in works.compare("--benchmark", works.address)[1]
    code, _, err = works.compare(state="elsewhere")
    assert code == 2
    assert "[benchmark-not-named]" in err


def test_a_withdrawn_benchmark_is_marked_and_no_longer_taken_by_itself(works: Works) -> None:
    publishing.withdraw(works.published, works.cast.drafter, "a plant's meter was wrong", NOW)
    _, out, _ = works.compare("--benchmark", works.address)
    assert "WITHDRAWN by the portal" in out
    assert "a plant's meter was wrong" in out
    code, _, err = works.compare()
    assert code == 1
    assert "[benchmark-not-there]" in err
