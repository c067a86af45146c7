"""Build the reference, and compare the tables of other documents that follow from the code, or write
them; exit status 1 where one differs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import django

from benchmarks import shelf
from tests.documents.refusals import ROOT

REFERENCE = ROOT / "docs" / "reference"
BUILT = (
    "addresses.md",
    "cli.md",
    "demo-figures.md",
    "errors.md",
    "pack-numbers.md",
    "openapi.yaml",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.documents", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the tables that differ")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    django.setup()
    # the documents are of the packs that come with Steplabel, whatever a portal here has approved
    shelf.use(shelf.Empty())
    build(REFERENCE)
    print(f"built {REFERENCE.relative_to(ROOT)}: {', '.join(BUILT)}")
    differing = [(path, text) for path, text in tables() if path.read_text("utf-8") != text]
    for path, text in differing:
        if asked.write:
            path.write_text(text, encoding="utf-8")
        print(f"{'wrote' if asked.write else 'DIFFERS'} {path.relative_to(ROOT)}")
    return 0 if asked.write or not differing else 1


def build(folder: Path) -> None:
    """Every page of the reference, written anew."""
    from tests.documents import (
        addresses,
        command_line,
        demo_figures,
        errors_page,
        openapi,
        pack_numbers,
    )

    folder.mkdir(parents=True, exist_ok=True)
    pages = (
        addresses.page,
        command_line.page,
        demo_figures.page,
        errors_page.page,
        pack_numbers.page,
        openapi.page,
    )
    for name, page in zip(BUILT, pages, strict=True):
        (folder / name).write_text(page(), encoding="utf-8")


def tables() -> list[tuple[Path, str]]:
    """Each document that holds such a table, with its text as it should be."""
    from tests.documents import decisions_index, errors_page, sizing

    filled: list[tuple[Path, Callable[[str], str]]] = [
        (errors_page.REASONS, errors_page.filled),
        (sizing.PAGE, sizing.filled),
        (decisions_index.PAGE, lambda _text: decisions_index.page()),
    ]
    return [(path, fill(path.read_text(encoding="utf-8"))) for path, fill in filled]


if __name__ == "__main__":
    sys.exit(main())
