"""bin/audit: a weakness is told with what mends it, and a service that does not know a package, or
is away, is no clean result.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.weaknesses import CLEAN, NOT_ASKED, ROOT, WEAK, read_pip_audit

SKIPPED = {
    "name": "uv",
    "skip_reason": "Dependency not found on PyPI and could not be audited: uv (0.13.8)",
}
SOUND = {"name": "wheel", "version": "0.48.0", "vulns": []}
FOUND = {
    "name": "idna",
    "version": "3.6",
    "vulns": [{"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": [], "description": ""}],
}


def audit_output(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("out", "status", "line"),
    [
        (audit_output(SOUND), CLEAN, "x.txt: 1 packages, no known weakness."),
        (audit_output(SOUND, FOUND), WEAK, "x.txt: idna 3.6: PYSEC-2024-60, mended in 3.7"),
        (
            audit_output(SOUND, SKIPPED),
            NOT_ASKED,
            "x.txt: could not be asked: 1 of 2 (Dependency not found on PyPI",
        ),
        (audit_output(FOUND, SKIPPED), WEAK, "x.txt: could not be asked: 1 of 2"),
        ("", NOT_ASKED, "x.txt: could not be asked: 1 of 1 (Connection refused)"),
        (audit_output(), NOT_ASKED, "x.txt: could not be asked: no package is locked in it"),
    ],
)
def test_nothing_that_was_not_asked_for_is_clean(out: str, status: int, line: str) -> None:
    answer = read_pip_audit("x.txt", out, "Traceback\nConnection refused\n")
    assert answer.status == status
    assert any(sentence.startswith(line) for sentence in answer.lines())


class Advisories(BaseHTTPRequestHandler):
    """A service with OSV's API that knows one advisory."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        weakness = {
            "id": "PYSEC-2024-60",
            "modified": "2024-04-12T00:00:00Z",
            "summary": "Slow.",
            "affected": AFFECTED,
        }
        answer = json.dumps(
            {"vulns": [weakness]} if asked["package"]["name"] == "idna" else {}
        ).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_said: object) -> None:
        """Nothing."""


AFFECTED = [
    {
        "package": {"name": "idna", "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.7"}]}],
        "versions": ["3.6"],
    }
]


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def audited(lock: Path, url: str) -> tuple[int, str]:
    done = subprocess.run(
        [ROOT / "bin" / "audit", lock, "--osv-url", url],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.long
@pytest.mark.timeout(600)
def test_pip_audit_itself_at_a_service(tmp_path: Path, service: str) -> None:
    weak, sound = tmp_path / "weak.txt", tmp_path / "sound.txt"
    weak.write_text(f"idna==3.6 --hash=sha256:{'0' * 64}\n", "utf-8")
    sound.write_text(f"wheel==0.48.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    assert audited(sound, service) == (CLEAN, "sound.txt: 1 packages, no known weakness.\n")
    assert audited(weak, service) == (WEAK, "weak.txt: idna 3.6: PYSEC-2024-60, mended in 3.7\n")
    status, output = audited(sound, f"http://127.0.0.1:{free_port()}")
    assert (status, output.startswith("sound.txt: could not be asked: 1 of 1")) == (NOT_ASKED, True)
