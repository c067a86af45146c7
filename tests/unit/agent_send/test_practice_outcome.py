"""What a practice saved here, as a file that leaves: a class and no figure, printed whole; and
where there is nothing to report.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.guidance.practices import Library
from benchmarks.wire import outcomes
from benchmarks.wire.outcomes import SiteOutcome
from reporting_agent.audit.openings.statements import AuditorKeys
from reporting_agent.cli import main
from reporting_agent.sending import enrolment
from reporting_agent.state import StateDirectory
from tests.statistical.savings import Kind, write
from tests.unit.agent_send.cast import PORTAL, SITE, Desk, FakePortal

PRACTICE = next(practice.id for practice in Library.held().practices if practice.sector == "cement")


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An enrolled mill whose action follows a practice and saves 8 % of its energy over 180
    days.
    """
    write_works(tmp_path, 0.08)
    state = StateDirectory(tmp_path / "state")
    with state.exclusive(), state.connect() as connection:
        Desk(state, connection, FakePortal(), []).enrol()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_works(folder: Path, effect: float, seed: int = 1) -> None:
    write(folder, Kind("a step", (effect, effect)), np.random.default_rng(seed), 365, 180)
    amend(folder, 'id = "works"', f'id = "{SITE}"', "site.toml")
    amend(folder, 'owner = "Wang Li"', f'owner = "Wang Li"\npractice = "{PRACTICE}"')


def amend(folder: Path, old: str, new: str, file: str = "actions.toml") -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def run(*more: str) -> int:
    return main(["practices", "outcome", "lids", "--site", "site.toml", "--state", "state", *more])


def test_the_file_holds_a_class_is_signed_by_the_device_and_is_printed_whole(
    works: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--lang", "en") == 0
    file = works / "practice-outcome-lids.json"
    output, document = capsys.readouterr().out, json.loads(file.read_text(encoding="utf-8"))
    assert json.dumps(document, indent=2) in output
    assert f"{PORTAL}/practices/{PRACTICE}/outcome/" in output
    assert "5 % or more of the expected energy" in output
    with (state := StateDirectory(works / "state")).connect() as connection:
        identity = enrolment.identity(state, connection, SITE)
    keys = {identity.device_key.key_id: identity.device_key.public}
    outcome = outcomes.verify(file.read_bytes(), lambda _found: keys)
    assert outcome == SiteOutcome(identity.fingerprint, SITE, PRACTICE, "1", "5-or-more", "2023")


def test_plants_of_one_class_write_the_same_bytes(works: Path) -> None:
    """So nothing of the saving, of energy, output or days can stand in it."""
    written = set()
    for index, (effect, seed) in enumerate(((0.08, 1), (0.11, 2), (0.14, 3))):
        write_works(works, effect, seed)
        assert run("--out", f"{index}.json") == 0
        written.add((works / f"{index}.json").read_bytes())
    assert len(written) == 1
    write_works(works, 0.0)
    assert run("--out", "nothing.json") == 0
    assert (
        json.loads((works / "nothing.json").read_text(encoding="utf-8"))["outcome"] == "not-proven"
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('id = "lids"', 'id = "doors"', "action-unknown"),
        (f'practice = "{PRACTICE}"', "", "action-without-practice"),
        (f'practice = "{PRACTICE}"', 'practice = "a-steel-one"', "practice-unknown"),
        ('state = "done"', 'state = "agreed"', "outcome-not-told"),
        (
            'baseline = "2022-01-01/2023-01-01"',
            'baseline = "2022-12-01/2023-01-01"',
            "outcome-not-told",
        ),
    ],
)
def test_where_there_is_nothing_to_report_it_is_said_with_what_to_do(
    works: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, code: str
) -> None:
    amend(works, old, new)
    assert run("--lang", "zh") == 1
    output = capsys.readouterr().err
    assert f"[{code}]" in output
    assert code != "outcome-not-told" or "没有可报告的内容。" in output
    assert not list(works.glob("practice-outcome*"))


def test_who_is_not_enrolled_is_told_so(works: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--state", "another") == 1
    assert "not-enrolled" in capsys.readouterr().err


@pytest.fixture
def auditor(works: Path) -> AuditorKeys:
    keys = AuditorKeys.generate()
    (works / "auditor.pem").write_bytes(keys.to_pem(b"a password"))
    (works / "password").write_bytes(b"a password\n")
    return keys


def confirm(*more: str) -> int:
    keys = (
        "--keys",
        "auditor.pem",
        "--password-file",
        "password",
        "--site",
        "site.toml",
        "--state",
        "auditors-own",
        "--lang",
        "en",
    )
    return main(["practices", "confirm", "practice-outcome-lids.json", "lids", *keys, *more])


def test_an_auditor_finds_the_class_again_and_signs_it_without_a_figure(
    works: Path, auditor: AuditorKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    file = works / "practice-outcome-lids.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    capsys.readouterr()
    assert confirm() == 0
    output = capsys.readouterr().out
    assert "95 % interval" in output
    assert "baseline 2022-01-01/2023-01-01, reporting period 2023" in output
    after = json.loads(file.read_text(encoding="utf-8"))
    confirmation = after.pop("confirmation")
    assert after == before, "what the plant signed stays as it was"
    assert set(confirmation) == {"schema", "outcome", "confirmed_on", "signature"}
    signed = outcomes.confirmation(
        file.read_bytes(), {auditor.signing.key_id: auditor.signing.public}
    )
    assert signed is not None
    assert signed.key_id == auditor.signing.key_id


@pytest.mark.parametrize("effect", [0.0, 0.035])
def test_where_the_records_give_another_class_nothing_is_signed(
    works: Path, auditor: AuditorKeys, capsys: pytest.CaptureFixture[str], effect: float
) -> None:
    assert run() == 0
    before = (works / "practice-outcome-lids.json").read_bytes()
    write_works(works, effect)
    assert confirm() == 1
    output = capsys.readouterr().err
    assert "[outcome-differs]" in output
    assert "5-or-more" in output
    assert (works / "practice-outcome-lids.json").read_bytes() == before
