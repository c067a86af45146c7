"""Prometheus with `deploy/prometheus.yml` and `deploy/alarms.yml`: this machine's, else Debian's
package (`debian`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from tests.servers import debian, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What Prometheus' own checker says."""
    program, _ = debian.program("prometheus", "promtool")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@contextmanager
def serve(folder: Path, targets: Sequence[str]) -> Iterator[httpx.Client]:
    """The sample at work on these web processes, every five seconds; a client of its API."""
    sample = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    sample["global"] = {
        "scrape_interval": "5s",
        "scrape_timeout": "5s",
        "evaluation_interval": "5s",
    }
    sample["rule_files"] = [str(DEPLOY / "alarms.yml")]
    sample["scrape_configs"][0]["static_configs"] = [{"targets": list(targets)}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(sample), "utf-8")
    program, _ = debian.program("prometheus", "prometheus")
    address = f"127.0.0.1:{free_port()}"
    options = (
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        with httpx.Client(
            base_url=f"http://{address}/api/v1", trust_env=False, timeout=10
        ) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)
