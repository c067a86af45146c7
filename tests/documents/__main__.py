"""Compare the documents that are written from the code, or write them; exit status 1 where one
differs.
"""

from __future__ import annotations

import argparse
import os
import sys

import django

from benchmarks import shelf


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.documents", description="Do the documents say what the code does?"
    )
    written = (
        "tables of docs/agent.md, errors.md, packs.md, sizing.md; cli.md, "
        "pack-numbers.md, openapi.yaml, decisions"
    )
    parser.add_argument("--write", action="store_true", help=f"write {written}")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    django.setup()
    shelf.use(
        shelf.Empty()
        # the documents tell of the packs that come with Steplabel, whatever a portal here has
        # approved
    )
    from tests.documents import (
        command_line,
        decisions_index,
        demo_figures,
        errors_page,
        fault_rows,
        openapi,
        pack_numbers,
        sizing,
    )
    from tests.documents.refusals import ROOT

    current = {
        errors_page.PAGE: errors_page.filled(errors_page.PAGE.read_text(encoding="utf-8")),
        fault_rows.PAGE: fault_rows.filled(fault_rows.PAGE.read_text(encoding="utf-8")),
        command_line.PAGE: command_line.page(),
        pack_numbers.PAGE: pack_numbers.page(),
        decisions_index.PAGE: decisions_index.page(),
        demo_figures.PAGE: demo_figures.filled(demo_figures.PAGE.read_text(encoding="utf-8")),
        openapi.PAGE: openapi.page(),
        sizing.PAGE: sizing.filled(sizing.PAGE.read_text(encoding="utf-8")),
    }
    differing = [
        path
        for path, text in current.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in differing:
        if asked.write:
            path.write_text(current[path], encoding="utf-8")
        print(f"{'wrote' if asked.write else 'DIFFERS'} {path.relative_to(ROOT)}")
    return 0 if asked.write or not differing else 1


if __name__ == "__main__":
    sys.exit(main())
