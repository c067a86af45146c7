"""The examples of docs/api.md do what the page says, with a key and with none."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

import httpx
import pytest
import yaml
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from portal import extras
from portal.accounts import api_keys, second_factor
from portal.accounts.scopes import SCOPES_OF, Scope, every_scope
from portal.intake.models import Submission
from tests.documents import openapi
from tests.documents.refusals import ROOT
from tests.integration.portal_cast import PERIOD, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r'curl -H "Authorization: Bearer \$KEY" "?https://portal\.example(/\S+?)"?$', re.MULTILINE
)


def test_every_example_with_a_key_is_answered() -> None:
    owner = make_cast(1).plants[0].owner
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    key = api_keys.make(
        owner,
        house.pk,
        "x",
        SCOPES_OF[house.kind],
        timedelta(days=30),
        personal=True,
        now=timezone.now(),
    ).text
    examples = EXAMPLE.findall(PAGE)
    assert len(examples) >= 2
    for path in examples:
        assert Client().get(path).status_code == 401, path
        assert Client().get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200, (
            path
        )


def test_the_table_names_every_scope_and_whose_it_is() -> None:
    scopes = {
        scope
        for text in (PAGE, *(file.read_text("utf-8") for file in extras.files("README.md")))
        for row in re.findall(r"^\| (`\w+:.+?) \|", text, flags=re.MULTILINE)
        for scope in re.findall(r"`([\w:]+)`", row)
    }
    assert scopes == {scope.value for scope in every_scope()}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, str]]:
    """The client that the page's own command makes, and what the command printed."""
    folder = tmp_path_factory.mktemp("client")
    command = re.search(r"^openapi-python-client (.+)$", PAGE, flags=re.MULTILINE)
    assert command
    schema = folder / "openapi.yaml"
    schema.write_text(openapi.page(), encoding="utf-8")
    arguments = command[1].replace("openapi.yaml", str(schema)).split()
    process = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module("steplabel_client"), process.stderr
    sys.path.remove(str(folder))


@pytest.fixture
def in_process(
    generated: tuple[ModuleType, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], None]:
    """Runs the program of the page against this portal, with a key and a size of page."""
    program = re.search(r"```python\n(.+?)```", PAGE, flags=re.DOTALL)
    assert program
    text = program[1].replace("https://portal.example", "http://testserver")
    assert text.count('"limit": "200"') == 1
    client = partial(
        generated[0].AuthenticatedClient,
        httpx_args={"transport": httpx.WSGITransport(get_wsgi_application())},
    )
    monkeypatch.setattr(generated[0], "AuthenticatedClient", client)

    def run(key: str, limit: str) -> None:
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            exec(text.replace('"limit": "200"', f'"limit": "{limit}"'), {"KEY": key})  # noqa: S102 - the page's own text
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)

    return run


def test_the_program_of_the_page_follows_its_own_houses_reports_to_the_end(
    in_process: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    cast = make_cast(2)
    for plant, revision in ((cast.plants[0], 1), (cast.plants[1], 1), (cast.plants[0], 2)):
        deliver(plant.envelope(cast.pack, revision))
        open_waiting()
    owner = cast.plants[0].owner
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    key = api_keys.make(
        owner,
        house.pk,
        "x",
        SCOPES_OF[house.kind],
        timedelta(days=30),
        personal=True,
        now=timezone.now(),
    ).text
    first, second = Submission.objects.filter(site=cast.plants[0].site).order_by("revision")
    for limit in ("1", "2", "200"):
        in_process(key, limit)
        assert capsys.readouterr().out.splitlines() == [
            "Enterprise 1",
            f"works-1 {PERIOD} 1 superseded {first.log_index}",
            f"works-1 {PERIOD} 2 accepted {second.log_index}",
        ]


def test_a_refusal_reaches_the_program_of_the_page_in_the_portals_words(
    in_process: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    owner = make_cast(1).plants[0].owner
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    narrow = api_keys.make(
        owner, house.pk, "x", [Scope.SITES], timedelta(days=30), personal=True, now=timezone.now()
    ).text
    for key, path, status, printed in (
        ("slk_x", "/api/v1/key/", 401, ""),
        (narrow, "/api/v1/reports/", 403, "Enterprise 1\n"),
    ):
        with pytest.raises(SystemExit) as refused:
            in_process(key, "200")
        answer = Client().get(path, headers={"Authorization": f"Bearer {key}"}).json()
        assert (
            refused.value.code
            == f"{status} {answer['code']}: {answer['detail']} {answer['remedy']}"
        )
        assert capsys.readouterr().out == printed


def test_the_generator_leaves_out_what_the_page_says_and_no_more(
    generated: tuple[ModuleType, str],
) -> None:
    left_out = re.findall(r"WARNING parsing (\w+ /\S+) within", generated[1])
    if "GET /api/v1/archive/" in left_out:  # of an extra
        left_out.remove("GET /api/v1/archive/")
    assert left_out == [
        "POST /api/v1/commitments/",
        "POST /api/v1/commitments/lost/",
        "POST /api/v1/submissions/",
    ]
    assert all(f"`{call}`" in PAGE for call in left_out)
    modules = {path.stem for path in Path(str(generated[0].__file__)).parent.glob("api/*/*.py")} - {
        "__init__"
    }
    schema = yaml.safe_load(openapi.page())
    operations = {
        operation["operationId"]
        for methods in schema["paths"].values()
        for operation in methods.values()
    }
    assert operations - modules == {"commit", "hand_back_commitment", "submit"}
