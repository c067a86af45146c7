"""`bin/bundle`: the agent comes to a bare Python without a network, its parts are told by name and
hash, a changed file is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_NETWORK = {
    "PATH": os.environ.get("PATH", os.defpath),
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "LANG": "C.UTF-8",
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundled") / "bundle"
    subprocess.run([ROOT / "bin" / "bundle", folder], check=True)
    return folder


def test_the_sbom_names_every_wheel_by_its_own_hash(bundle: Path) -> None:
    sbom = json.loads((bundle / "sbom.cdx.json").read_text("utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "steplabel-agent",
    )
    hashes = {
        reference["hashes"][0]["content"]
        for part in sbom["components"]
        for reference in part["externalReferences"]
    }
    wheels = [
        wheel
        for wheel in (bundle / "wheels").iterdir()
        if not wheel.name.startswith("steplabel_agent-")
    ]
    assert {hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels} == hashes


def test_it_installs_without_a_network_and_not_once_a_wheel_was_changed(
    bundle: Path, tmp_path: Path
) -> None:
    def install(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [bundle / "install", tmp_path / name],
            env=NO_NETWORK,
            capture_output=True,
            text=True,
            check=False,
        )

    installed = install("agent")
    assert (installed.returncode, installed.stdout.split(" ")[0]) == (0, "steplabel-agent"), (
        installed.stderr
    )
    packed = next((bundle / "wheels").glob("steplabel_agent-*.whl"))
    packed.write_bytes(packed.read_bytes() + b"\0")
    refused = install("another")
    assert refused.returncode != 0
    assert packed.name in refused.stdout + refused.stderr
    assert not (tmp_path / "another").exists()
