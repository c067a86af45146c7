"""The table: `python -m tests.functional.first_label [--json]`; 1 where a source is not right."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from reporting_agent.cli import main
from tests.functional.first_label.sources import MADE, OF_PLANTS, REAL, Source

MOST_COMMANDS, MOST_ANSWERS = 2, 3
MOST_SECONDS_A_MILLION_CELLS = 10.0
MOST_LINES, MOST_COLUMNS = 25, 100
_ANSWER = re.compile(r'--answer (?:"((?:[^"\\]|\\.)*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one source took: commands, answers, processor seconds, lines printed; and what is wrong."""

    source: str
    commands: int
    answers: int
    seconds: float
    megacells: float
    lines: int
    best: float | None
    expected: float | None
    wrong: str


def outcome(source: Source, folder: Path) -> Outcome:
    """Label the files as they lie; what is asked is answered as proposed, as Enter would, and a
    unit that nothing proposes as the plant knows it."""
    files = [str(path) for path in source.make(folder)]
    answers: list[str] = []
    began, commands, code, page, refused = time.process_time(), 0, 1, "", ""
    while code == 1 and commands < MOST_COMMANDS:
        commands += 1
        out, err = io.StringIO(), io.StringIO()
        given = [part for answer in answers for part in ("--answer", answer)]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["label", *files, *given, "--out", str(folder / "label")])
        page, refused = out.getvalue(), err.getvalue()
        asked = [quoted.replace('\\"', '"') or bare for quoted, bare in _ANSWER.findall(refused)]
        answers += [answer.replace("…", source.unit) for answer in asked]
    seconds = time.process_time() - began
    best, expected = None, source.best()
    if code == 0:
        label = json.loads((folder / "label" / "label.json").read_text(encoding="utf-8"))
        steps = [step for step in label["steps"] if step["product"] == source.product]
        best = next(
            (step["best"]["value"] for step in steps if step["unit"].startswith("kWh")), None
        )
    lines = page.rstrip().splitlines()
    faults = {
        f"ended with {code}: {' '.join(refused.split())[:300]}": code != 0,
        f"best {best}, and not {expected}": not _equal(best, expected),
        f"{len(answers)} answers": len(answers) > MOST_ANSWERS,
        f"{len(lines)} lines": len(lines) > MOST_LINES,
        "a line is too long": max(map(len, lines), default=0) > MOST_COLUMNS,
        f"the page does not say {source.says!r}": source.says not in page,
    }
    cells = sum(map(_cells, map(Path, files))) / 1e6
    if seconds > MOST_SECONDS_A_MILLION_CELLS * max(cells, 1.0):
        faults[f"{seconds:.1f} s for {cells:.2f} million cells"] = True
    wrong = "; ".join(fault for fault, shown in faults.items() if shown)
    return Outcome(
        source.name, commands, len(answers), seconds, cells, len(lines), best, expected, wrong
    )


def _equal(best: float | None, expected: float | None) -> bool:
    if best is None or expected is None:
        return best is expected
    return abs(best - expected) <= 1e-4 * abs(expected)


def _cells(path: Path) -> int:
    """How many cells a file has, near enough."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(path)
        return int(metadata.num_rows * metadata.num_columns)
    if path.suffix == ".xlsx":
        return path.stat().st_size // 8
    text = path.read_bytes()
    return text.count(b",") + text.count(b";") + text.count(b"\n")


def run() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.functional.first_label")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    sources = (*(OF_PLANTS if REAL.is_dir() else ()), *MADE)
    if not REAL.is_dir():
        print(
            "STEPLABEL_REAL_DATA names no folder: files of real plants are left out",
            file=sys.stderr,
        )
    wrong = 0
    for source in sources:
        with tempfile.TemporaryDirectory() as folder:
            result = outcome(source, Path(folder))
        wrong += bool(result.wrong)
        if as_json:
            print(json.dumps(asdict(result), ensure_ascii=False), flush=True)
        else:
            print(
                f"{result.source:42} {result.commands} commands {result.answers} answers "
                f"{result.seconds:5.1f} s {result.megacells:6.3f} M cells {result.lines:2} lines  "
                f"{result.wrong or 'right'}",
                flush=True,
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(run())
