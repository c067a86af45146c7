"""steplabel.pyz, built from the lock and run by a Python that has nothing else, in a folder of its
own.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from reporting_agent.single_file import __main__ as single_file
from tests.unit.workbook.test_small_firms_workbook import DAMAGES, filled

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="builds and runs the Linux parts")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("single-file") / "steplabel.pyz"
    single_file.build(file, (THIS_PYTHON,), ("linux",))
    return file


def bare(file: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The base interpreter, isolated: no environment, no site-packages, no checkout on its path."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [interpreter, "-I", "-S", str(file), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={"HOME": str(home), "STEPLABEL_PARTS": str(home / "parts")},
    )


def test_it_writes_the_template_and_labels_a_workbook_with_python_alone(
    built: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert (
        bare(built, "init", "--workbook", "empty.xlsx", "--lang", "zh", home=home).returncode == 0
    )
    assert openpyxl.load_workbook(home / "empty.xlsx").sheetnames == ["说明", "批次"]
    done = bare(built, "label", str(filled(tmp_path)), home=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "bracket: Runs used 24 / 24" in done.stdout
    assert "Labels" in openpyxl.load_workbook(home / "label" / "runs.labelled.xlsx").sheetnames
    assert len(list((home / "parts").iterdir())) == 1  # unpacked once


def test_a_workbook_dropped_onto_it_is_labelled_beside_itself(built: Path, tmp_path: Path) -> None:
    workbook = filled(tmp_path)
    assert bare(built, str(workbook), home=tmp_path / "home").returncode == 0
    assert (tmp_path / "runs.labelled.xlsx").is_file()


@pytest.mark.parametrize("damage", ["cut short", "styles that end early"])
def test_a_damaged_workbook_is_refused_without_a_traceback(
    built: Path, damage: str, tmp_path: Path
) -> None:
    workbook = filled(tmp_path)
    DAMAGES[damage](workbook)
    process = bare(built, str(workbook), home=tmp_path / "home")
    assert process.returncode == 1
    assert "workbook-unreadable" in process.stderr
    assert "Traceback" not in process.stderr


def test_what_it_cannot_do_it_says_in_both_languages(built: Path, tmp_path: Path) -> None:
    process = bare(built, "status", home=tmp_path / "home")
    assert process.returncode == 1
    assert "pip install steplabel" in process.stderr
    assert "工作簿" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_machine_it_holds_no_parts_for_is_told_so(built: Path, tmp_path: Path) -> None:
    without = tmp_path / "other.pyz"
    with zipfile.ZipFile(built) as file, zipfile.ZipFile(without, "w") as other:
        for entry in file.infolist():
            if not entry.filename.startswith("parts/cp"):
                other.writestr(entry, file.read(entry))
        other.writestr("parts/cp39-windows/numpy/__init__.py", "")
    process = bare(without, "init", "--workbook", "x.xlsx", home=tmp_path / "home")
    assert process.returncode == 1
    assert "holds the parts for cp39-windows" in process.stderr


def test_the_same_inputs_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pyz"
    single_file.build(again, (THIS_PYTHON,), ("linux",))
    assert again.read_bytes() == built.read_bytes()


@pytest.mark.long
def test_every_python_and_system_has_its_compiled_parts(tmp_path: Path) -> None:
    file = tmp_path / "steplabel.pyz"
    single_file.build(file, single_file.PYTHONS, tuple(single_file.SYSTEMS))
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    for python in single_file.PYTHONS:
        for system in single_file.SYSTEMS:
            own = [
                name
                for name in names
                if name.startswith(f"parts/cp{python.replace('.', '')}-{system}/")
            ]
            suffix = ".pyd" if system == "windows" else ".so"
            for module in (
                "numpy/_core/_multiarray_umath",
                "pydantic_core/_pydantic_core",
                "python_calamine/_python_calamine",
            ):
                assert any(f"/{module}" in name and name.endswith(suffix) for name in own), (
                    python,
                    system,
                    module,
                )
