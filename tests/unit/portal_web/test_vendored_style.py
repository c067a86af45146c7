"""The stylesheet of govuk-frontend is used without what is the UK government's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.web.vendoring import without_brand

FOLDER = Path(__file__).parents[3] / "portal" / "web" / "static" / "vendor" / "govuk-frontend"

SHEET = (
    '@charset "UTF-8";:root{--a:1}@font-face{font-family:GDS Transport;src:url(x.woff2)}'
    ".govuk-link{font-family:GDS Transport,arial,sans-serif}.govuk-header,.govuk-body{color:red}"
    "@media print{.govuk-footer__crown{margin:0}}@media "
    "print{.govuk-body{color:#000}}.x{background:url(crest.svg)}"
    "/*# sourceMappingURL=govuk-frontend.min.css.map */"
)


def test_typeface_crest_and_brand_components_are_left_out_and_the_rest_stays() -> None:
    assert without_brand(SHEET) == (
        "@charset "
        '"UTF-8";:root{--a:1}.govuk-link{font-family:var(--sl-font,sans-serif)}.govuk-body{color:red}'
        "@media print{.govuk-body{color:#000}}\n"
    )


def test_a_sheet_that_breaks_off_is_refused() -> None:
    with pytest.raises(ValueError, match="never closes"):
        without_brand(".a{color:red")


def test_the_vendored_sheet_has_none_of_it_and_its_licence_stands_beside_it() -> None:
    css = (FOLDER / "govuk-frontend.css").read_text(encoding="utf-8")
    for word in ("GDS", "@font-face", "crest", "crown", "url(", ".govuk-header", ".govuk-footer"):
        assert word not in css
    assert '--govuk-frontend-version:"6.6.0"' in css
    assert "The MIT License" in (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    assert "6.6.0" in (FOLDER / "README.md").read_text(encoding="utf-8")
