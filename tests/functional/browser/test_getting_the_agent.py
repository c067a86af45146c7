"""The agent's page with its files, digests and commands; and digests that nobody types, for the
browser works them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test.utils import override_settings
from playwright.sync_api import expect

from tests.functional.browser.reader import Reader
from tests.functional.browser.world import OWNER, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = [(language, width) for language in ("en", "zh-hans") for width in (1440, 360)]
NAME = "steplabel-agent-linux-python3.11.pyz"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / NAME).write_bytes(b"PK" * 600_000)
    digest = hashlib.sha256((tmp_path / NAME).read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(
        f"{digest}  {NAME}\n{digest}  ../secret\n{digest}  steplabel-agent-macos-python3.11.pyz\n",
        "utf-8",
    )
    with override_settings(AGENT_FILES=tmp_path):
        yield tmp_path


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
def test_a_firm_gets_the_agent_and_its_commands_filled_in(
    reader: MakeReader, screen: tuple[str, int], world: World, files: Path
) -> None:
    visitor = reader(*screen)
    visitor.open("/agent/")
    visitor.look("agent")
    content = (files / NAME).read_bytes()
    assert hashlib.sha256(content).hexdigest() in visitor.text()
    assert visitor.page.locator("main a[download]").count() == 1, (
        "what the list names and the folder lacks is not offered"
    )
    assert visitor.page.request.get(f"{visitor.base}/agent/files/{NAME}").body() == content
    assert visitor.page.request.get(f"{visitor.base}/agent/files/SHA256SUMS").status == 404
    assert f"enrol --portal {visitor.base} --token TOKEN" in visitor.text()

    owner = reader(*screen, world.owner.email)
    owner.open("/agent/")
    owner.look("agent-own")
    owner.page.click("main form button")
    owner.look("token")
    token = owner.page.inner_text("#token")
    assert f"python3 {NAME} enrol --portal {owner.base} --token {token}" in owner.text()


def test_a_portal_without_files_says_how_to_install(reader: MakeReader) -> None:
    visitor = reader("zh-hans", 360, scripts=False)
    visitor.open("/agent/")
    assert "pip install ./distributions/agent" in visitor.page.inner_text("main")


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
def test_the_browser_works_a_digest_out_and_sends_no_file(
    reader: MakeReader, screen: tuple[str, int], world: World, tmp_path: Path
) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"evidence" * 1000)
    here = f"/obligatory-audits/works-{OWNER + 1}/"
    owner = reader(*screen, world.owner.email)
    owner.open(here)
    sent = owner.requests()
    owner.page.set_input_files("input[type=file]", paper)
    expect(owner.page.locator("[id$=evidence]")).to_have_value(
        hashlib.sha256(paper.read_bytes()).hexdigest()
    )
    assert not sent
    owner.look("digest-worked-out")

    without = reader(*screen, world.owner.email, scripts=False)
    without.open(here)
    assert without.page.locator("input[type=file]").count() == 0
    assert "sha256sum FILE" in without.page.inner_text("main")
