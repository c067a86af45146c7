"""`pip install .` without extras gives an agent that works: every file it reads is in the wheel,
and Django is not needed.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmarks", "fixtures", "portal", "reporting_agent")

# runs one command in a process of its own and names every module that it has loaded
RUN = """
import json, sys
from reporting_agent.cli import main
code = main(sys.argv[2:])
open(sys.argv[1], "w").write(json.dumps({name: getattr(module, "__file__", None) for name, module in sys.modules.items()}))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and unpacked where nothing else of the checkout
    is.
    """
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
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
    subprocess.run([*pip, "--wheel-dir", built, source], check=True)
    (wheel,) = built.glob("steplabel-*.whl")
    target = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def agent(installed: Path, folder: Path, *arguments: str) -> tuple[str, dict[str, str | None]]:
    """Run the unpacked agent; its answer, and the modules it loaded with their files."""
    loaded = folder / "loaded.json"
    environment = {"PYTHONPATH": str(installed), "PATH": os.environ["PATH"], "HOME": str(folder)}
    ran = subprocess.run(
        [sys.executable, "-c", RUN, loaded, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout, json.loads(loaded.read_text())


def heats(folder: Path) -> None:
    """A log as a works keeps it."""
    rows = (
        f"H{n},2016-05-{1 + n // 20:02} {n % 20:02}:00,2016-05-{1 + n // 20:02} {n % 20:02}:50,"
        f"{110 + n % 7},{46_000 + 37 * n}\n"
        for n in range(40)
    )
    (folder / "heats.csv").write_text(
        "Heat No,Start,End,Tapped [t],Energy [kWh]\n" + "".join(rows), encoding="utf-8"
    )


def test_the_installed_agent_starts_a_site_checks_it_and_labels_it(
    installed: Path, tmp_path: Path
) -> None:
    heats(tmp_path)
    agent(
        installed, tmp_path, "label", "heats.csv", "--pack", "steel", "--answer", "step=eaf",
        "--out", "works",
    )  # fmt: skip
    checked, _ = agent(
        installed, tmp_path, "check", "--site", "works/site.toml", "--out", "checked", "--json"
    )
    assert json.loads(checked)["batches"]["read"] > 0

    answer, loaded = agent(
        installed,
        tmp_path,
        "label",
        "--site",
        "works/site.toml",
        "--period",
        "2016",
        "--out",
        "label",
    )
    assert {path.name for path in (tmp_path / "label").iterdir()} == {
        "label.json",
        "batches.parquet",
        "rejected.csv",
        "report.html",
    }
    assert json.loads((tmp_path / "label/label.json").read_text())["steps"], answer
    ours = {name: file for name, file in loaded.items() if name.split(".")[0] in PACKAGES}
    assert all(
        file is not None and Path(file).is_relative_to(installed) for file in ours.values()
    ), "the checkout was used"
    assert not {"django", "rest_framework", "celery", "portal", "fixtures"} & {
        name.split(".")[0] for name in loaded
    }


def test_the_installed_agent_says_how_it_stands(installed: Path, tmp_path: Path) -> None:
    status, loaded = agent(installed, tmp_path, "status", "--state", "state")
    assert "enrolled" in status.lower()
    assert "django" not in loaded


def test_every_data_file_of_core_and_agent_is_in_the_wheel(installed: Path) -> None:
    """Whatever is not Python: schemas, packs, words, the page of the report."""
    for package in ("benchmarks", "reporting_agent"):
        for file in (ROOT / package).rglob("*"):
            if (
                file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
            ):  # compiled code stays where it was made
                assert (installed / file.relative_to(ROOT)).read_bytes() == file.read_bytes(), file


OF_A_PORTAL = ("apps.py", "urls.py", "pages.py")
"""Modules of an extra that a portal runs, with what the portal brings."""


def test_core_and_agent_import_only_what_they_declare_and_extras_what_they_do() -> None:
    book = declared(ROOT, "dependencies")
    rooms = {ROOT / "benchmarks": book, ROOT / "reporting_agent": book} | {
        file.parent: book | declared(file.parent, "dependencies", "optional-dependencies")
        for file in ROOT.glob("extras/*/command.py")
    }
    named = packages_distributions()
    for room, allowed in rooms.items():
        for file in room.rglob("*.py"):
            if file.is_relative_to(room / "tests") or file.name in OF_A_PORTAL:
                continue
            for name in imported(file) - {*PACKAGES, "extras"} - set(sys.stdlib_module_names):
                assert {distribution.lower() for distribution in named[name]} & allowed, (
                    f"{file.relative_to(ROOT)} imports {name}"
                )


def declared(folder: Path, *keys: str) -> set[str]:
    """Names of the distributions that a project asks for under these keys."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [project.get(key, []) for key in keys]
    lines = [
        line
        for value in asked
        for line in (chain.from_iterable(value.values()) if isinstance(value, dict) else value)
    ]
    return {re.split(r"[<>=~!;\[ ]", line)[0].lower() for line in lines}


def imported(file: Path) -> set[str]:
    """Top-level modules that the file imports, early or late."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            modules.add(node.module.split(".")[0])
    return modules
