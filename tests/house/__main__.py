"""How the house stands: `python -m tests.house [COMMIT ...]` prints a table of the checkout, beside
each commit that is named.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from tests.house import measures

ROOT = Path(__file__).resolve().parents[2]


def main(commits: list[str]) -> int:
    with ExitStack() as folders:
        trees = {
            commit: Path(
                folders.enter_context(tempfile.TemporaryDirectory(prefix="steplabel-house-"))
            )
            for commit in commits
        }
        for commit, folder in trees.items():
            archive = subprocess.run(
                ["git", "archive", commit, *measures.PACKAGES],
                cwd=ROOT,
                capture_output=True,
                check=True,
            ).stdout
            with tarfile.open(fileobj=BytesIO(archive)) as files:
                files.extractall(folder, filter="data")
        columns = {
            **{commit: measures.table(folder) for commit, folder in trees.items()},
            "here": measures.table(ROOT),
        }
    print(f"| measure | {' | '.join(columns)} |")
    print(f"|---|{'---:|' * len(columns)}")
    for name in columns["here"]:
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.house", description=__doc__)
    parser.add_argument("commits", metavar="COMMIT", nargs="*", help="shown beside the checkout")
    sys.exit(main(parser.parse_args().commits))
