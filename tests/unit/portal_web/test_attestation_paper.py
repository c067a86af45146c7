"""An attestation on paper says how it stands on the day on which it is printed."""

from __future__ import annotations

from typing import Any

import pytest

from portal.web.papers import attestation as paper
from portal.web.papers import layout
from portal.web.viewmodels.assurance import AttestationPage
from portal.web.viewmodels.shared import StateWord


def test_the_paper_of_a_statement_that_was_replaced_or_has_expired_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields: dict[str, Any] = dict.fromkeys(AttestationPage.__dataclass_fields__, "")
    fields |= {
        "facts": (),
        "proof": (),
        "withdrawal": None,
        "title": "T",
        "opinion": "unqualified",
        "warning": "A later revision replaced it.",
    }
    written: list[str] = []

    def text_of(text: str, style: str) -> Any:
        written.append(text)
        return real(text, style)

    real = layout.text_of
    monkeypatch.setattr(paper, "text_of", text_of)
    page = AttestationPage(**fields | {"state": StateWord("Of an earlier revision", "wait")})
    assert paper.certificate_pdf(page, "https://portal.example/verify/A-1/").startswith(b"%PDF")
    assert "A later revision replaced it." in written
    assert "Of an earlier revision · unqualified" in written
