"""Make the vendored stylesheet from the one in the npm package `govuk-frontend`, without what is
the UK government's own.

The code of govuk-frontend is MIT licensed; its typeface, crest and product logo are not ours to
use. So the rules that load the typeface or draw crest, logo, header and footer are left out, and
the family name gives way to our own variable.

    python -m portal.web.vendoring package/dist/govuk/govuk-frontend.min.css \
        > portal/web/static/vendor/govuk-frontend/govuk-frontend.css

A test makes sure that the file in the repository has none of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

BRAND = re.compile(
    r"\.govuk-(header|footer|logo|service-navigation|cookie-banner|password-input|exit-this-page)|\.govuk-template--rebranded"
)
FAMILY = "GDS Transport,arial,sans-serif"


def without_brand(css: str) -> str:
    """The same stylesheet without typeface, crest, logo and the components that carry them."""
    styles = "".join(_rules_to_keep(css.replace(FAMILY, "var(--sl-font,sans-serif)")))
    return styles.replace("/*# sourceMappingURL=govuk-frontend.min.css.map */", "").strip() + "\n"


def _rules_to_keep(css: str) -> Iterator[str]:
    for head, body in _blocks(css):
        if body is None:
            yield head
        elif head.startswith("@font-face"):
            continue
        elif head.startswith(("@media", "@supports", "@-moz-document")):
            if inner := "".join(_rules_to_keep(body)):
                yield f"{head}{{{inner}}}"
        elif "url(" not in body and (
            selectors := ",".join(s for s in head.split(",") if not BRAND.search(s))
        ):
            yield f"{selectors}{{{body}}}"


def _blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """Each top-level rule as (head, body); statements without a body, such as `@charset`, come with
    None.
    """
    position = 0
    while position < len(css):
        brace, semicolon = css.find("{", position), css.find(";", position)
        if brace < 0:
            yield css[position:], None
            return
        if 0 <= semicolon < brace:
            yield css[position : semicolon + 1], None
            position = semicolon + 1
            continue
        end = _closing(css, brace)
        yield css[position:brace].strip(), css[brace + 1 : end]
        position = end + 1


def _closing(css: str, brace: int) -> int:
    depth = 0
    for index in range(brace, len(css)):
        depth += {"{": 1, "}": -1}.get(css[index], 0)
        if depth == 0:
            return index
    raise ValueError(f"the block that opens at character {brace} never closes")


if __name__ == "__main__":
    sys.stdout.write(without_brand(Path(sys.argv[1]).read_text(encoding="utf-8")))
