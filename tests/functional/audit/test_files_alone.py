"""The whole audit by the commands, from files alone: keys, promise, draw, opening, verification;
and nothing of it reaches the portal.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.audit import openings, sample_file, signed_draws
from benchmarks.measurements import Period
from benchmarks.wire import challenges, commitments, logged, published
from benchmarks.wire import envelope as envelopes
from benchmarks.wire.logged import EntryKind
from portal.assurance.summaries import read_summary
from reporting_agent.audit.openings.statements import AuditorKeys
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sending.eligibility import require_reportable
from reporting_agent.sending.enrolment import SEED_FILE
from reporting_agent.sending.report_material import gather
from reporting_agent.software import SOFTWARE
from reporting_agent.state import StateDirectory
from tests.functional.audit.plants import PERIOD, write_works
from tests.unit.agent_send.cast import LOGGED_ON, SITE, Desk, FakePortal

pytestmark = pytest.mark.xdist_group("audit-from-files")  # one scene, which takes a while to build

FILES = (
    "opening",
    "draw",
    "commitment",
    "receipt",
    "directory",
    "head",
    "inclusion",
    "envelope-entry",
    "values-entry",
    "promise-entry",
)
FEW = ("--step", "clinker-burning", "--confidence", "60", "--share", "20")
Run = Callable[..., tuple[int, dict[str, Any]]]


class Scene:
    """A plant that has reported, and what everybody can have from the portal, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "works" / "site.toml"
        self.state = StateDirectory(folder / "state")
        self.portal = FakePortal()
        write_works(self.site.parent, "cement", seed=1, days=60, rate=0)
        text = self.site.read_text(encoding="utf-8")
        self.site.write_text(
            re.sub(r'^id = "[^"]+"', f'id = "{SITE}"', text, count=1, flags=re.MULTILINE),
            encoding="utf-8",
        )
        site = load_site(self.site)
        with self.state.exclusive(), self.state.connect() as connection:
            desk = Desk(self.state, connection, self.portal, [])
            desk.enrol()
            period = Period.parse(PERIOD, site.zone)
            pack = require_reportable(site)
            material = gather(site, pack, period, (), None, pool=False, correct=False, commit=True)
            with desk.road as road:
                submission = desk.submission()
                parcel = submission.prepare(material, PERIOD, road, correct=False)
                submission.send(parcel, road)
                receipt = submission._outbox.get(SITE, PERIOD, 1).receipt
        assert parcel.commitment is not None
        assert parcel.challenge is not None
        assert receipt is not None
        (sent,) = self.portal.submissions.values()
        values = self.portal.accept(sent)
        envelope = envelopes.parse(sent).digest
        self.entries = {
            "inclusion": (
                challenges.parse(parcel.challenge).log_index,
                EntryKind.COMMITMENT,
                bytes.fromhex(commitments.parse(parcel.commitment).commitment.digest),
            ),
            "envelope-entry": (
                self.portal.index_of[envelope],
                EntryKind.ENVELOPE,
                bytes.fromhex(envelope),
            ),
            "values-entry": (len(self.portal.log) - 1, EntryKind.VALUES, values),
        }
        for name, content in {
            "commitment": parcel.commitment,
            "challenge": parcel.challenge,
            "receipt": receipt,
            "other-challenge": self.portal.challenge_for(
                challenges.parse(parcel.challenge).commitment, bytes(32)
            ),
            "directory": self.portal.signed_directory(),
            "password": b"a password of the auditor\n",
        }.items():
            self.path(name).write_bytes(content)

    def path(self, name: str) -> Path:
        return self.folder / name

    def log_promise(self, promise: Path, number: str = "") -> Path:
        """The portal logs the promise, and something else after it; head and proofs are those of
        the log then. Its evidence file, before the draw.
        """
        digest = bytes.fromhex(signed_draws.read_promise(promise.read_bytes()).digest)
        self.portal.log.append(logged.hashed(EntryKind.AUDIT_PROMISE, digest, LOGGED_ON))
        entries = {
            **self.entries,
            "promise-entry": (len(self.portal.log) - 1, EntryKind.AUDIT_PROMISE, digest),
        }
        self.portal.log.append(bytes(32))
        self.path(f"head{number}").write_bytes(self.portal.signed_head())
        for name, entry in entries.items():
            self.path(f"{name}{number}").write_bytes(self.portal.served(*entry))
        files = {
            name: self.path(name).read_bytes()
            for name in ("directory", "commitment", "challenge", "receipt")
        }
        files |= {"head": self.portal.signed_head(), "promise": promise.read_bytes()}
        proven = [json.loads(self.portal.served(*entry)) for entry in entries.values()]
        evidence = self.path(f"evidence{number}.json")
        content = sample_file.written(SITE, PERIOD, 1, files, proven)
        evidence.write_text(json.dumps(content), encoding="utf-8")
        return evidence

    @property
    def fingerprint(self) -> str:
        return self.portal.directory_key.key_id


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command without any network; its exit code and its JSON."""

    def refuse(*_args: object) -> None:
        raise AssertionError("an audit connects to nobody")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    def call(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, arguments), "--json"])
        output: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, output

    return call


def test_the_whole_audit_from_files_alone(scene: Scene, run: Run) -> None:
    password = ("--password-file", scene.path("password"))
    keys, folder = ("--keys", scene.path("auditor.pem"), *password), scene.path("audit")
    asked_before = len(scene.portal.asked)

    code, promised = run("audit", folder, "--about", f"{SITE}/{PERIOD}", *password)
    assert code == 0
    assert b"ENCRYPTED PRIVATE KEY" in scene.path("auditor.pem").read_bytes()
    assert len(promised["fingerprint"]) == 64
    promise = Path(promised["promise"])
    assert (folder / "nonce").read_bytes() not in promise.read_bytes()

    evidence = scene.log_promise(promise)
    code, _ = run("audit", folder, evidence, *password)
    assert code == 0
    shutil.copy(folder / "draw", scene.path("draw"))

    answer = (
        "open",
        scene.path("draw"),
        "--site",
        scene.site,
        "--state",
        scene.state.path,
        "--promise",
        promise,
    )
    code, refused = run(*answer, "--out", scene.path("opening"))
    assert (code, refused["error"]["code"]) == (4, "opening-not-agreed")
    assert not scene.path("opening").exists()

    code, opened = run(*answer, "--out", scene.path("opening"), "--yes")
    assert code == 0
    assert opened["different"] == []
    assert any("key" in line for line in opened["shown"])
    (line,) = (scene.state.path / "opened.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["opening"] == opened["opening"]

    seed = scene.state.read_secret(SEED_FILE)
    sealed = scene.path("opening").read_bytes()
    assert openings.is_sealed(sealed)
    assert seed not in sealed

    files = [scene.path(name) for name in FILES]
    trust = (*keys, "--fingerprint", scene.fingerprint)
    out = ("--out", scene.path("report.md"))
    code, verdict = run("verify", *files, promise, *trust, "--site", scene.site, *out)
    assert code == 0, [check for check in verdict["checks"] if check["state"] != "held"]
    assert {check["state"] for check in verdict["checks"] if check["asked"]} == {"held"}
    assert [check["code"] for check in verdict["checks"] if not check["asked"]] == [
        "output-weighed"
    ]  # the site commits to no scale records
    assert (verdict["held"], verdict["binding"]) == (True, "bound")
    assert {
        "receipt-signed",
        "noise-repeated",
        "records-recomputed",
        "whole-recomputed",
        "commitment-logged",
    } <= {check["code"] for check in verdict["checks"]}
    assert all(stratum["with_probability"] >= 0.95 for stratum in verdict["strata"])
    parts = ("in_batches", "in_excluded_batches", "standing", "beside_wrong_times", "unexplained")
    assert verdict["metered"]
    assert all(
        meter["unit"]
        and meter["metered"] == pytest.approx(sum(meter[part] for part in parts), abs=0.01)
        for meter in verdict["metered"]
    )
    report = scene.path("report.md").read_text(encoding="utf-8")
    assert "| whole-recomputed | recomputed | passed |" in report
    assert (
        f"- Recomputed with: {SOFTWARE}" in report
    )  # where it is not the software of the report, records may differ for that
    assert "Protected values, with the noise drawn again" in report

    guided = run("audit", folder, scene.path("opening"), "--site", scene.site, *trust)[1]
    assert {answer["state"] for answer in guided["answers"]} == {"held"}
    assert guided["sentence"] == verdict["sentence"]
    assert guided["checks"] == verdict["checks"]
    summary = read_summary((folder / "summary.json").read_bytes())
    assert (summary.verdict.not_checkable, summary.failed) == ((), {})

    page = folder / "report.html"
    code, _ = run("audit", folder, scene.path("opening"), *trust, "--lang", "zh")
    assert code == 0
    assert '<html lang="zh-Hans">' in page.read_text(encoding="utf-8")
    assert "抽中的内容全部已打开" in page.read_text(encoding="utf-8")
    code, refused = run("verify", *files, promise, *trust, "--out", scene.path("report.pdf"))
    assert (code, refused["error"]["code"]) == (2, "report-kind-unknown")

    # nothing of it reached the portal: no command asked it anything, and what it was ever sent
    # holds none of it
    assert len(scene.portal.asked) == asked_before
    sent = b"".join(request.content for request in scene.portal.asked)
    assert seed not in sent
    assert sealed[64:] not in sent


def drawn(scene: Scene, run: Run, number: str, *plan: object) -> Path:
    """A draw by an auditor of its own."""
    keys = ("--keys", scene.path(f"auditor{number}.pem"), "--password-file", scene.path("password"))
    folder = scene.path(f"audit{number}")
    code, promised = run("audit", folder, *keys, "--about", f"{SITE}/{PERIOD}", *plan)
    assert (code, promised["sufficient"]) == (0, plan != FEW)
    evidence = scene.log_promise(folder / "promise", number)
    code, output = run("audit", folder, evidence, *keys)
    assert code == 0, output
    shutil.copy(folder / "draw", scene.path(f"draw{number}"))
    return folder / "draw"


def opened(scene: Scene, run: Run, number: str, draw: Path) -> Path:
    """What the plant answers, unsealed as its auditor has it."""
    opening = scene.path(f"opening{number}")
    of_site = ("--site", scene.site, "--state", scene.state.path)
    assert run("open", draw, *of_site, "--out", opening, "--yes")[0] == 0
    password = scene.path("password").read_bytes().strip()
    keys = AuditorKeys.from_pem(scene.path(f"auditor{number}.pem").read_bytes(), password)
    opening.write_bytes(openings.unseal(opening.read_bytes(), keys.sealing))
    return opening


def test_without_what_the_portal_gave_the_rest_is_checked_and_the_lack_is_said(
    scene: Scene, run: Run
) -> None:
    draw = drawn(scene, run, "2", *FEW)
    code, verdict = run("verify", opened(scene, run, "2", draw), draw)
    assert (code, verdict["held"], verdict["binding"]) == (
        1,
        False,
        "not-bound",
    )  # what could not be checked does not hold
    assert {"plan-sufficient", "drawn-after-commitment", "key-committed"} <= {
        check["code"] for check in verdict["checks"] if check["state"] == "not-checkable"
    }
    unsure = {check["code"] for check in verdict["checks"] if check["state"] == "not-checkable"}
    assert {
        "draw-promised",
        "root-committed",
        "challenge-signed",
        "head-signed",
        "commitment-logged",
        "whole-recomputed",
    } <= unsure
    assert [check["code"] for check in verdict["checks"] if not check["asked"]] == [
        "output-weighed",
        "whole-recomputed",
    ]
    assert all(
        check["sentence"] and (check["state"] == "held" or check["remedy"])
        for check in verdict["checks"]
    )


class Handed:
    """A small audit of its own: its files by name, and the evidence file that the portal would give
    for it.
    """

    def __init__(self, scene: Scene, run: Run) -> None:
        self.scene, number = scene, "4"
        self.files = {
            name: scene.path(f"{name}{number}")
            for name in FILES
            if name not in ("commitment", "receipt", "directory")
        }
        self.files |= {name: scene.path(name) for name in ("commitment", "receipt", "directory")}
        self.files["promise"] = scene.path(f"audit{number}") / "promise"
        if not self.files["opening"].exists():
            opened(scene, run, number, drawn(scene, run, number))

    def without(self, *names: str) -> list[Path]:
        return [path for name, path in self.files.items() if name not in names]

    def evidence(self) -> dict[str, Any]:
        inside = {
            name: self.files.get(name, self.scene.path(name)).read_bytes()
            for name in sample_file.FILES
        }
        entries = [
            json.loads(path.read_bytes())
            for name, path in self.files.items()
            if name.endswith("-entry") or name == "inclusion"
        ]
        return sample_file.written(SITE, PERIOD, 1, inside, entries)


@pytest.fixture
def handed(scene: Scene, run: Run) -> Handed:
    return Handed(scene, run)


def states_of(verdict: dict[str, Any]) -> dict[str, str]:
    return {check["code"]: check["state"] for check in verdict["checks"]}


def test_a_promise_that_no_log_holds_binds_nobody(handed: Handed, scene: Scene, run: Run) -> None:
    trust = ("--fingerprint", scene.fingerprint)
    code, verdict = run("verify", *handed.without(), *trust)
    assert (code, verdict["binding"], states_of(verdict)["draw-promised"]) == (0, "bound", "held")
    for left_out in ("promise-entry", "promise"):
        code, verdict = run("verify", *handed.without(left_out), *trust)
        assert (code, verdict["held"], verdict["binding"], states_of(verdict)["draw-promised"]) == (
            1,
            False,
            "not-bound",
            "not-checkable",
        )
        (finding,) = [check for check in verdict["checks"] if check["code"] == "draw-promised"]
        assert "the sample's evidence file" in finding["remedy"]


def test_without_its_opening_nothing_was_audited(handed: Handed, scene: Scene, run: Run) -> None:
    """Neither by an evidence file nor by loose files; and no page says that an audit was held."""
    evidence, page = scene.path("evidence.json"), scene.path("no-audit.html")
    evidence.write_text(json.dumps(handed.evidence()), encoding="utf-8")
    loose = handed.without("opening")
    for files in (
        [evidence],
        loose,
        [scene.path("receipt"), scene.path("directory"), handed.files["values-entry"]],
    ):
        code, refused = run("verify", *files, "--fingerprint", scene.fingerprint, "--out", page)
        assert (code, refused["error"]["code"]) == (1, "audit-file-lacking")
        assert (
            refused["error"]["sentence"]
            == "The opening is missing: nothing of what was published was checked."
        )
        assert not page.exists()
    code, verdict = run(
        "verify", evidence, handed.files["opening"], "--fingerprint", scene.fingerprint
    )
    assert (code, verdict["held"], verdict["binding"]) == (0, True, "bound")


def test_files_of_the_portal_alone_are_no_audit(scene: Scene, run: Run) -> None:
    page = scene.path("receipt.md")
    code, _ = run(
        "verify",
        scene.path("receipt"),
        scene.path("directory"),
        "--fingerprint",
        scene.fingerprint,
        "--out",
        page,
    )
    assert code == 0
    title, _, lead = page.read_text(encoding="utf-8").splitlines()[:3]
    assert title == "# Files of the portal, checked"
    assert (
        lead
        == "The portal's files passed: 1 of 1. No opening was provided, so no report was audited."
    )


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"revision": 2}, "audit-files-of-two", "two revisions"),
        ({"period": "2024"}, "audit-files-of-two", "two periods"),
        ({"site": "works-9"}, "audit-files-of-two", "two plants"),
        *(
            ({"files": name}, "evidence-unreadable", "not the evidence file")
            for name in sample_file.FILES
            if name != "draw"
        ),
        ({"files": "draw"}, "audit-file-lacking", "draw is missing"),
    ],
)
def test_an_evidence_file_is_whole_and_of_the_report_that_it_names(
    handed: Handed, scene: Scene, run: Run, change: dict[str, Any], code: str, sentence: str
) -> None:
    evidence = handed.evidence()
    changed = evidence | (
        {"files": {k: v for k, v in evidence["files"].items() if k != change["files"]}}
        if "files" in change
        else change
    )
    scene.path("changed.json").write_text(json.dumps(changed), encoding="utf-8")
    exit_code, refused = run(
        "verify",
        scene.path("changed.json"),
        handed.files["opening"],
        "--fingerprint",
        scene.fingerprint,
    )
    assert (exit_code, refused["error"]["code"]) == (1, code)
    assert sentence in refused["error"]["sentence"]


def test_a_challenge_with_another_nonce_than_the_openings_fails_by_name(
    handed: Handed, scene: Scene, run: Run
) -> None:
    """The portal signed both, for one commitment: what keyed the draws is not what the auditor has
    from the portal.
    """
    trust = ("--fingerprint", scene.fingerprint)
    code, verdict = run("verify", *handed.without("commitment"), scene.path("challenge"), *trust)
    assert (code, states_of(verdict)["challenge-signed"]) == (0, "held")
    for more in (trust, ()):
        code, verdict = run("verify", *handed.without(), scene.path("other-challenge"), *more)
        assert (
            code,
            states_of(verdict)["challenge-signed"],
            states_of(verdict)["root-committed"],
        ) == (1, "failed", "held")


def test_one_head_twice_is_one_head(handed: Handed, scene: Scene, run: Run) -> None:
    code, verdict = run(
        "verify", *handed.without(), handed.files["head"], "--fingerprint", scene.fingerprint
    )
    assert code == 0
    assert "heads-agree" not in states_of(verdict)


def test_a_shortened_fingerprint_is_no_false_alarm(scene: Scene, run: Run) -> None:
    code, refused = run(
        "verify",
        scene.path("receipt"),
        scene.path("directory"),
        "--fingerprint",
        scene.fingerprint[:8],
    )
    assert (code, refused["error"]["code"]) == (2, "fingerprint-incomplete")


def test_data_that_were_changed_since_cannot_be_opened(scene: Scene, run: Run) -> None:
    draw, opening = drawn(scene, run, "3"), scene.path("opening3")
    log = scene.site.parent / "batches.csv"
    before = log.read_bytes()
    try:
        log.write_bytes(
            before.replace(b"797.379", b"897.379")
            if b"797.379" in before
            else before.rsplit(b"\n", 2)[0] + b"\n"
        )
        code, refused = run(
            "open",
            draw,
            "--site",
            scene.site,
            "--state",
            scene.state.path,
            "--out",
            opening,
            "--yes",
        )
    finally:
        log.write_bytes(before)
    assert (code, refused["error"]["code"]) == (1, "opening-data-changed")
    assert not opening.exists()


def test_a_key_directory_alone_names_its_own_signer(scene: Scene, run: Run) -> None:
    code, verdict = run("verify", scene.path("directory"))
    assert (code, verdict["binding"], states_of(verdict)) == (
        1,
        "not-bound",
        {"directory-signed": "not-checkable"},
    )
    code, verdict = run("verify", scene.path("directory"), "--fingerprint", scene.fingerprint)
    assert (code, verdict["binding"], states_of(verdict)) == (
        0,
        "bound",
        {"directory-signed": "held"},
    )


def test_a_receipt_alone_is_verified(scene: Scene, run: Run) -> None:
    code, verdict = run(
        "verify", scene.path("receipt"), scene.path("directory"), "--fingerprint", scene.fingerprint
    )
    assert (code, verdict["binding"], verdict["checks"][0]["state"]) == (0, "bound", "held")
    code, verdict = run("verify", scene.path("receipt"))
    assert (code, verdict["binding"], verdict["checks"][0]["state"]) == (
        1,
        "not-bound",
        "not-checkable",
    )
    changed = scene.path("changed")
    *before, last = scene.path("receipt").read_bytes()
    changed.write_bytes(bytes([*before, last ^ 1]))
    code, verdict = run(
        "verify", changed, scene.path("directory"), "--fingerprint", scene.fingerprint
    )
    assert (code, verdict["checks"][0]["state"]) == (1, "failed")


def test_a_published_benchmark_is_verified(scene: Scene, run: Run) -> None:
    signed = published.sign({"schema": published.SCHEMA, "best": 99.6}, scene.portal.receipt_key)
    for document, state in ((signed, "held"), (signed | {"best": 90.0}, "failed")):
        scene.path("benchmark.json").write_text(json.dumps(document), encoding="utf-8")
        code, verdict = run(
            "verify",
            scene.path("benchmark.json"),
            scene.path("directory"),
            "--fingerprint",
            scene.fingerprint,
        )
        assert [(check["code"], check["state"]) for check in verdict["checks"]] == [
            ("benchmark-signed", state)
        ]
        assert code == (1 if state == "failed" else 0)
    _, verdict = run("verify", scene.path("benchmark.json"))
    assert verdict["checks"][0]["state"] == "not-checkable"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (("password",), "audit-file-unknown"),
        (("nowhere",), "audit-file-unreadable"),
        (("challenge", "other-challenge"), "audit-file-twice"),
        (("commitment", "commitment"), "audit-file-lacking"),
        (("receipt", "directory", "commitment"), "audit-file-lacking"),
    ],
)
def test_files_that_are_of_no_use_are_refused(
    scene: Scene, run: Run, files: tuple[str, ...], code: str
) -> None:
    exit_code, output = run("verify", *map(scene.path, files))
    assert (exit_code, output["error"]["code"]) == (1, code)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("audit", "a"), "password-missing"),
        (("audit", "a", "--about", "site"), "audit-arguments"),
        (("audit", "a", "--about", "site/2025", "--confidence", "nan"), "audit-arguments"),
        (("audit", "a", "--about", "site/2025", "--batches", "0"), "audit-arguments"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    exit_code, output = run(*arguments)
    assert (exit_code, output["error"]["code"]) == (2, code)


def test_keys_are_made_once_and_need_their_password(scene: Scene, run: Run, tmp_path: Path) -> None:
    password, other = scene.path("password"), tmp_path / "other"
    other.write_text("another", encoding="utf-8")
    first = run("audit", tmp_path / "a", "--password-file", password)
    assert first[0] == 0
    again = run("audit", tmp_path / "b", "--password-file", password)
    assert again[1]["fingerprint"] == first[1]["fingerprint"]
    about = ("--about", "works-2/2025")
    wrong = run("audit", tmp_path / "c", "--password-file", other, *about)
    assert wrong[1]["error"]["code"] == "key-unreadable"
