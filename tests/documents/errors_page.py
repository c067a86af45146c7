"""The page of errors: every refusal of the code, by the package that raises it; and the tables of
`docs/reasons.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rest_framework import exceptions

from tests.documents import fault_rows
from tests.documents.refusals import FILLED_IN, ROOT, Refusal, refusals

REASONS = ROOT / "docs" / "reasons.md"
MOST_SENTENCES = 3
EXCLUSIONS = "<!-- reasons: exclusions -->"

PARTS = {
    "benchmarks": "The core",
    "reporting_agent": "The agent",
    "portal": "The portal",
    "extras": "The extras",
}
HEAD = """# Errors and refusals

Built from the source by `python -m tests.documents`. Every refusal has a **code** that stays the
same (scripts may hold on to it), a sentence that says what happened, and a remedy. "…" stands for
what is filled in: a file, a number, a name.

- **At the agent** a refusal ends the command with its exit status: 1 the input or the request is
  wrong, 2 usage, 3 not reached, 4 refused by policy. It is printed on stderr; with `--json` stdout
  carries `{"error": {"code", "sentence", "remedy"}}`. What is wrong in a file also names `place`
  (file, row, column), `found` and `wanted`.
- **At the API** it is a problem document (RFC 9457, `application/problem+json`): `type`, `title`,
  `status`, `detail` (the sentence), `code`, `remedy`.
- **In the worker** nobody waits for an answer: the submission takes the state `refused`, with code
  and sentence beside it.
- The agent passes the portal's refusals on as they came, with exit status 1. Where the answer is no
  problem document, the code is `portal-` and the HTTP status, such as `portal-502`.
"""

FRAMEWORK = (
    exceptions.ParseError,
    exceptions.MethodNotAllowed,
    exceptions.NotAcceptable,
    exceptions.UnsupportedMediaType,
)
"""What Django REST framework itself refuses before a view of ours is asked; `portal.problems` makes
the document.
"""


def of_the_framework() -> Iterable[Refusal]:
    for refused in FRAMEWORK:
        sentence = re.sub(r"\{\w+\}", FILLED_IN, str(refused.default_detail))
        remedy = "See /api/v1/schema/ for what this address takes."
        yield Refusal(
            refused.default_code.replace("_", "-"),
            str(refused.status_code),
            sentence,
            remedy,
            "portal/problems.py",
        )


def table(of_part: Iterable[Refusal]) -> str:
    """One row for every code, status and remedy; many sentences that differ in their end only
    become one.
    """
    rows: dict[tuple[str, str, str], list[str]] = {}
    for refusal in sorted(of_part):
        rows.setdefault((refusal.code, refusal.status, refusal.remedy), []).append(refusal.sentence)
    lines = ["| code | ends with | what it says | what to do |", "|---|---|---|---|"]
    for (code, status, remedy), sentences in rows.items():
        distinct = list(dict.fromkeys(sentences))
        sentence = (
            f"{_common(distinct)}{FILLED_IN}"
            if len(distinct) > MOST_SENTENCES
            else " Or: ".join(distinct)
        )
        lines.append(f"| `{code}` | {status} | {_cell(sentence)} | {_cell(remedy)} |")
    return "\n".join(lines)


def page() -> str:
    """The whole page of errors."""
    every = [*refusals(), *of_the_framework()]
    parts = [HEAD]
    for package, title in PARTS.items():
        own = [refusal for refusal in every if refusal.file.startswith(f"{package}/")]
        if own:
            parts.append(f"## {title}\n\n{table(own)}\n")
    return "\n".join(parts)


def filled(text: str) -> str:
    """`docs/reasons.md` with the faults of batches among its reasons."""
    before, rest = text.split(EXCLUSIONS, 1)
    reasons, after = rest.split("<!-- end", 1)
    return f"{before}{EXCLUSIONS}\n{fault_rows.among_reasons(reasons)}\n<!-- end{after}"


def listed_codes(heading: str) -> list[str]:
    """The codes in the first column of the table below a heading of the page."""
    section = (
        REASONS.read_text(encoding="utf-8")
        .split(f"<!-- reasons: {heading} -->", 1)[1]
        .split("<!-- end", 1)[0]
    )
    return re.findall(r"^\| `([a-z0-9-]+)`", section, flags=re.MULTILINE)


def _common(sentences: list[str]) -> str:
    """The words that all of them begin with."""
    first, last = min(sentences), max(sentences)  # whatever these two share, all share
    same = [word == other for word, other in zip(first.split(" "), last.split(" "), strict=False)]
    return "".join(f"{word} " for word in first.split(" ")[: [*same, False].index(False)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
