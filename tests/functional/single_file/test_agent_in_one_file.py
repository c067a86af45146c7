"""The agent in one file, built from the lock and run by a Python that has nothing else, in a folder
of its own.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reporting_agent.single_file import __main__ as single_file

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
DAYS = "Date,Output [t],Electricity [kWh]\n" + "".join(
    f"2025-05-{day:02},{10 + day % 3},{1000 + 7 * day}\n" for day in range(1, 29)
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="builds and runs the Linux parts")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("single-file")
    single_file.build_whole(folder, THIS_PYTHON, ("linux",))
    (file,) = folder.glob("*.pyz")
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


def test_a_spreadsheet_dropped_onto_it_is_labelled_beside_itself(
    built: Path, tmp_path: Path
) -> None:
    (tmp_path / "days.csv").write_text(DAYS, encoding="utf-8")
    done = bare(built, str(tmp_path / "days.csv"), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "kWh/t" in done.stdout
    assert (tmp_path / "label" / "report.html").is_file()


def test_a_machine_it_holds_no_parts_for_is_told_so(built: Path, tmp_path: Path) -> None:
    without = tmp_path / "other.pyz"
    with zipfile.ZipFile(built) as file, zipfile.ZipFile(without, "w") as other:
        for entry in file.infolist():
            if not entry.filename.startswith("parts/cp"):
                other.writestr(entry, file.read(entry))
        other.writestr("parts/cp39-windows/numpy/__init__.py", "")
    process = bare(without, "--version", home=tmp_path / "home")
    assert process.returncode == 1
    assert "holds the parts for cp39-windows" in process.stderr
