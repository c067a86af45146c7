"""Two distributions from one tree: `steplabel-agent` has no file of the portal and fits a machine
at a plant; `steplabel` is all.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest

from reporting_agent.extras import EXTRA_OF
from reporting_agent.software import VERSION
from tests.functional.test_installed_agent import heats

ROOT = Path(__file__).parents[2]
AGENT = ROOT / "distributions" / "agent" / "pyproject.toml"
MOST_MB = 450
EXPLAINED_MB = 20
TREE = ("benchmarks", "distributions", "fixtures", "portal", "reporting_agent")


def declared(file: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return project


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's, built from a copy of the tree."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in TREE:
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "build")
        )
    shutil.copy(ROOT / "LICENSE", source)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-build-isolation",
        "--no-deps",
    ]
    subprocess.run([*pip, "--wheel-dir", built, source / "distributions" / "agent"], check=True)
    (path,) = built.glob("steplabel_agent-*.whl")
    return path


@pytest.fixture(scope="module")
def machine(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty virtual environment with the wheel and what requirements/agent.txt locks, and
    nothing else.
    """
    folder = tmp_path_factory.mktemp("machine") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    uv: list[str | Path] = [
        Path(sys.executable).parent / "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        folder / "bin" / "python",
    ]
    subprocess.run([*uv, "--require-hashes", "-r", ROOT / "requirements" / "agent.txt"], check=True)
    subprocess.run([*uv, "--no-deps", wheel], check=True)
    return folder


def site_packages(machine: Path) -> Path:
    (folder,) = machine.glob("lib/python*/site-packages")
    return folder


def size_mb(distribution: Distribution) -> float:
    """Of its files as they come, in millions of bytes; what Python compiles of them beside is not
    counted.
    """
    files = (Path(str(file.locate())) for file in distribution.files or ())
    return (
        sum(
            file.stat().st_size
            for file in files
            if "__pycache__" not in file.parts and file.is_file()
        )
        / 1e6
    )


def run(machine: Path, folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [machine / "bin" / "steplabel-agent", *arguments],
        cwd=folder,
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_agents_wheel_has_every_file_of_core_and_agent_and_none_of_the_portal(
    wheel: Path,
) -> None:
    with zipfile.ZipFile(wheel) as unpacked:
        names = {name for name in unpacked.namelist() if ".dist-info/" not in name}
        licences = [name for name in unpacked.namelist() if name.endswith("LICENSE")]
        assert [unpacked.read(name) for name in licences] == [(ROOT / "LICENSE").read_bytes()]
    tracked = subprocess.run(
        ["git", "ls-files", "benchmarks", "reporting_agent"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(tracked.stdout.splitlines()) <= names
    assert {name.split("/")[0] for name in names} == {"benchmarks", "reporting_agent"}


def test_an_empty_machine_starts_a_site_and_labels_it(machine: Path, tmp_path: Path) -> None:
    assert run(machine, tmp_path, "--version").split() == ["steplabel-agent", VERSION]
    heats(tmp_path)
    run(machine, tmp_path, "label", "heats.csv")
    assert json.loads((tmp_path / "label" / "label.json").read_text())["steps"]
    names = {path.name for path in site_packages(machine).iterdir()}
    assert not {"portal", "fixtures", "django", "celery", "rest_framework"} & names


def test_the_agent_weighs_no_more_than_it_may_and_says_what_each_heavy_part_is_for(
    machine: Path,
) -> None:
    weights = {
        distribution.name.lower(): size_mb(distribution)
        for distribution in distributions(path=[str(site_packages(machine))])
    }
    assert sum(weights.values()) <= MOST_MB, weights
    without_extras = AGENT.read_text(encoding="utf-8").partition("[project.optional-dependencies]")[
        0
    ]
    named = dict(
        re.findall(r'^  "([A-Za-z0-9_-]+)[^"]*", # (\d+) MB: \w', without_extras, re.MULTILINE)
    )
    heavy = {name: weight for name, weight in weights.items() if weight > EXPLAINED_MB}
    assert heavy.keys() == named.keys(), heavy
    for name, weight in heavy.items():
        assert float(named[name]) == pytest.approx(weight, rel=0.15), (
            f"{name} weighs {weight:.0f} MB"
        )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (
            "from benchmarks.gas_and_steam import water_enthalpy; water_enthalpy(80.0)",
            "steam-tables-not-installed",
        ),
        (
            "from reporting_agent import label_site; label_site('works/site.toml', '2016')",
            "pandas-not-installed",
        ),
    ],
)
def test_what_needs_an_extra_says_which(
    machine: Path, tmp_path: Path, asked: str, code: str
) -> None:
    ran = subprocess.run(
        [machine / "bin" / "python", "-c", asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert code in ran.stderr


def test_both_declare_the_same() -> None:
    """`steplabel` has what the agent needs and what its options need."""
    whole, agent = declared(ROOT / "pyproject.toml"), declared(AGENT)
    extras = {line for lines in agent["optional-dependencies"].values() for line in lines}
    assert set(whole["dependencies"]) == set(agent["dependencies"]) | extras
    for key in ("version", "requires-python", "license", "scripts"):
        assert whole[key] == agent[key], key


EXTRAS = sorted(file.parent for file in ROOT.glob("extras/*/command.py"))


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: extra.name)
def test_an_extra_is_of_the_same_release_and_named_by_its_folder(extra: Path) -> None:
    project = declared(extra / "pyproject.toml")
    assert (project["name"], project["version"]) == (f"steplabel-{extra.name}", VERSION)
    commands = project["entry-points"]["steplabel.commands"]
    assert commands == {
        name: f"extras.{extra.name}.command" for name in commands if EXTRA_OF[name] == extra.name
    }


def test_extras_are_missing_by_name_until_they_are_installed(machine: Path, tmp_path: Path) -> None:
    """Each by the line that the help names, from a copy of the tree, which the build writes to."""
    helped = run(machine, tmp_path, "--help")
    for extra in EXTRAS:
        assert f"not installed: pip install ./extras/{extra.name}" in helped
    missing = subprocess.run(
        [machine / "bin" / "steplabel-agent", "exercise", "--json", "mill-year"],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.endswith("in Steplabel's folder: pip install ./extras/exercises\n")
    source = tmp_path / "source"
    for extra in EXTRAS:
        shutil.copytree(extra, source / "extras" / extra.name)
    uv: list[str | Path] = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet"]
    uv += ["--python", machine / "bin" / "python", "--no-deps"]
    subprocess.run([*uv, *(source / "extras" / extra.name for extra in EXTRAS)], check=True)
    assert "not installed" not in run(machine, tmp_path, "--help")
    listed = json.loads(run(machine, tmp_path, "exercise", "--json"))
    assert len(listed["exercises"]) == 3
    packages = {path.relative_to(site_packages(machine)) for path in machine.rglob("extras/**/*")}
    assert not [path for path in packages if "tests" in path.parts]
