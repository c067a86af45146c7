"""What a reader pays: `python -m tests.house [COMMIT ...]` prints the measures of the checkout,
beside those of each commit that is named.

`--walks` walks each tree too (a minute each); `--lower` writes what has fallen into the ratchet.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.house import measures, ratchet, walks

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.house", description=__doc__)
    parser.add_argument("commits", metavar="COMMIT", nargs="*", help="shown beside the checkout")
    parser.add_argument("--walks", action="store_true", help="rooms and returns of each walk")
    parser.add_argument("--lower", action="store_true", help="write what has fallen as new limits")
    asked = parser.parse_args()
    with ExitStack() as folders:
        trees = {
            commit: Path(folders.enter_context(tempfile.TemporaryDirectory()))
            for commit in asked.commits
        }
        for commit, folder in trees.items():
            _export(commit, folder)
        trees["here"] = ROOT
        columns = {name: _texts(tree, asked.walks) for name, tree in trees.items()}
    print(f"| measure | {' | '.join(columns)} |")
    print(f"|---|{'---:|' * len(columns)}")
    for name in columns["here"]:
        print(f"| {name} | {' | '.join(column.get(name, '') for column in columns.values())} |")
    if asked.lower:
        ratchet.lower(measures.table(ROOT))
    return 0


def _export(commit: str, folder: Path) -> None:
    with subprocess.Popen(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
    if archive.returncode:
        raise SystemExit(f"There is no commit {commit} here: name one of `git log`.")


def _texts(tree: Path, walked: bool) -> dict[str, str]:
    counted = {name: f"{value:,.0f}" for name, value in measures.table(tree).items()}
    if walked:
        for name, rooms in walks.of(tree).items():
            rooms_and_returns = f"{len(set(rooms))} / {len(rooms) - len(set(rooms))}"
            counted[f"rooms / returns: {name}"] = rooms_and_returns
    return counted


if __name__ == "__main__":
    sys.exit(main())
