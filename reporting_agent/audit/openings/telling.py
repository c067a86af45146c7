"""A verdict in words: the lines on the screen, and the report as Markdown or as one self-contained
page, in English or Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.audit.completeness import AtReference, ByRows, at_reference
from benchmarks.audit.evidence import CheckOutcome, CheckState
from benchmarks.audit.withheld import withheld_of
from benchmarks.catalogue import in_language
from benchmarks.errors import UsageError
from benchmarks.phrases import Phrase, significant
from reporting_agent.audit.openings.verdict import (
    PAPERS,
    Answer,
    AuditVerdict,
    metered_of,
    strata_of,
    subject_of,
    values_of,
)
from reporting_agent.report.figures import time
from reporting_agent.report.words import words

if TYPE_CHECKING:
    from benchmarks.declared import Words

MARKDOWN, PAGE = ".md", ".html"
METERED = (
    "meter",
    "step",
    "unit",
    "days",
    "all_metered",
    "in_batches",
    "in_excluded_batches",
    "standing",
    "beside_wrong_times",
    "declared_unusable",
    "unexplained",
    "unknown_h",
)
"""Columns of the table of energy, by their words, in the order of `metered_of`."""

DECLARED = ("declared_as", "declared_of", "since", "until", "does", "reason")
"""Columns of what the plant declared, by their words."""


def require_kind(report: Path | None) -> None:
    """Refuse a name whose ending says no kind of report, before anything is computed.

    Raises:
        UsageError: `report-kind-unknown`.
    """
    if report is not None and report.suffix.lower() not in (MARKDOWN, PAGE):
        raise UsageError(
            "report-kind-unknown",
            Phrase(
                "A report cannot be written to a file that ends in %(value)s: %(report)s.",
                value=repr(report.suffix) if report.suffix else Phrase("'nothing'"),
                report=report,
            ),
            Phrase(
                "Name a file that ends in %(page)s or %(markdown)s.", page=PAGE, markdown=MARKDOWN
            ),
        )


def report(verdict: AuditVerdict, file: Path, lang: str, made_at: datetime) -> bytes:
    """The report as the file's ending says; `made_at` is the moment that the page carries,
    zone-aware.
    """
    text = page(verdict, lang, made_at) if file.suffix.lower() == PAGE else markdown(verdict, lang)
    return text.encode()


def lead(verdict: AuditVerdict, lang: str) -> str:
    """The first sentence: what somebody who reads only one should know. Of an opening it is the one
    that stands on the portal's page and in the signed statement as well.
    """
    if verdict.evidence is not None:
        return in_language(verdict.of_opening.sentence, lang)
    w, unsure = words(lang)["verdict"], verdict.counted(CheckState.NOT_CHECKABLE)
    if verdict.failed:
        sentence = w["lead_failed"]
    elif verdict.of == PAPERS:
        sentence = w["lead_papers" if verdict.agrees else "lead_nothing"]
    else:
        sentence = w["lead_files" if verdict.holds else "lead_open"]
    return sentence.format(
        failed=verdict.counted(CheckState.FAILED),
        held=verdict.counted(CheckState.HELD),
        all=sum(finding.asked for finding in verdict.findings),
        unsure=w["unsure"].format(number=unsure) if unsure else "",
    )


def _by_row(flow: ByRows, directions: Mapping[str, str]) -> str:
    """Step, carrier, which way it went where that is out of the step, and its share."""
    way = directions[flow.direction.value]
    return f"{flow.step} {flow.carrier}{f' ({way})' if way else ''} {100 * flow.share:.1f} %"


def _at_reference(variable: AtReference) -> dict[str, object]:
    return asdict(variable) | {
        "share": f"{100 * variable.share:.0f}",
        "reference": f"{variable.reference:g}",
        "slope": f"{variable.slope:+g}",
    }


def notes(verdict: AuditVerdict, lang: str) -> list[str]:
    """What stands right below the first sentence: labels withheld, what the plant declared,
    variables not recorded.
    """
    if verdict.evidence is None:
        return []
    w = words(lang)["verdict"]
    remarks = [_in_language(withheld.words, lang) for withheld in withheld_of(verdict.evidence)]
    if flows := ", ".join(_by_row(flow, words(lang)["direction"]) for flow in verdict.by_rows):
        remarks.insert(0, w["from_rows"].format(rows=flows))
    if factors := sum(declaration.multiplies for declaration in verdict.declared):
        remarks.append(w["factors"].format(number=factors))
    remarks += [
        w["loose"].format(of=declaration.of, does=declaration.does)
        for declaration in verdict.declared
        if declaration.kind == "loose_scale"
    ]
    remarks += [
        w["unusable_time"].format(
            of=declaration.of,
            since=declaration.since,
            until=declaration.until or "…",
            reason=declaration.reason,
        )
        for declaration in verdict.declared
        if declaration.kind == "unusable"
    ]
    for kind in ("counts_for_nothing", "credited"):
        if names := [
            declaration.of for declaration in verdict.declared if declaration.kind == kind
        ]:
            remarks.append(w[kind].format(names=", ".join(names)))
    remarks += [
        w["at_reference"].format(**_at_reference(variable))
        for variable in at_reference(verdict.evidence)
    ]
    balances = () if verdict.evidence.accounted is None else verdict.evidence.accounted.balances
    remarks += [
        w["unusable"].format(
            meter=balance.meter, share=f"{100 * balance.unusable / balance.total:.1f}"
        )
        for balance in balances
        if balance.unusable > 0
    ]
    return remarks + [
        w["no_account"] for declaration in verdict.declared if declaration.kind == "no_account"
    ]  # of every plant without one: the last


def lines(verdict: AuditVerdict, lang: str = "en") -> str:
    """What stands on the screen."""
    w = words(lang)["verdict"]
    printed = [lead(verdict, lang), *notes(verdict, lang)]
    if verdict.answers:
        printed.append("")
    for answer in verdict.answers:
        printed.append(" ".join(_answered(answer, lang)))
        for finding in answer.asked:
            printed += _found(finding, lang) if finding.state is not CheckState.HELD else []
    if not verdict.answers:
        printed += [line for finding in verdict.findings for line in _found(finding, lang)]
    if verdict.evidence is not None:
        printed += [
            "",
            w["declared"],
            *(
                " · ".join(filter(None, row.values()))
                for row in _declared(verdict, lang) or [{"": w["nothing"]}]
            ),
        ]
    return "\n".join(printed)


def _answered(answer: Answer, lang: str) -> tuple[str, str, str]:
    """Yes, no or not shown; the question; how many of its checks passed."""
    w = words(lang)["verdict"]
    held = sum(finding.state is CheckState.HELD for finding in answer.asked)
    said = w[f"answer_{answer.state.value if answer.state else 'not-asked'}"]
    counted = w["answer_checks"].format(held=held, all=len(answer.asked)) if answer.asked else ""
    return said, in_language(answer.question, lang), counted


def _found(finding: CheckOutcome, lang: str) -> list[str]:
    """One check on the screen: how it came out, the places that it is about, what to do."""
    w = words(lang)["verdict"]
    head = f"  {w[_word(finding)]:<14} {w[finding.kind]:<11} {finding.code}: "
    places = [*(_in_language(place, lang) for place in finding.places), _more(finding, lang)]
    return [
        head + _in_language(finding.words, lang),
        *(f"{'':<31}{place}" for place in places if place),
        *([f"{'':<29}{_in_language(finding.to_do, lang)}"] if finding.to_do is not None else []),
    ]


def markdown(verdict: AuditVerdict, lang: str = "en") -> str:
    """The whole report as Markdown."""
    w, content = words(lang)["verdict"], _content(verdict, lang)
    parts = [
        f"# {w[verdict.of]}",
        "",
        lead(verdict, lang),
        "",
        *(f"- **{note}**" for note in notes(verdict, lang)),
        "",
    ]
    if verdict.evidence is not None:
        parts += [f"- {name}: {value}" for name, value in content["subject"]] + [""]
    parts += [f"## {w['checks']}", "", w["kinds"], ""]
    columns = [w["check"], "", w["kind"], w["outcome"], w["found"]]
    for group in content["checks"]:
        parts += [f"**{group['heading']}**", ""] if group["heading"] else []
        parts += [*_table(columns, _rows(group["rows"])), ""]
    for failure in content["failures"]:
        parts += [
            "",
            f"### {failure['name']}",
            "",
            failure["sentence"],
            "",
            f"**{w['to_do']}** {failure['remedy']}",
            "",
        ]
        parts += [f"- {place}" for place in [*failure["places"], *filter(None, [failure["more"]])]]
    if verdict.evidence is not None:
        columns = [w[name] for name in DECLARED]
        parts += [
            "",
            f"## {w['declared']}",
            "",
            w["declared_note"],
            "",
            *(_table(columns, content["declared"]) or [w["nothing"]]),
        ]
        columns = [w[name] for name in ("stratum", "leaves", "drawn", "finds", "probability")]
        parts += [
            "",
            f"## {w['sample']}",
            "",
            w["only_the_whole"],
            "",
            *_table(columns, content["strata"]),
        ]
        parts += [
            "",
            f"## {w['metered']}",
            "",
            w["metered_note"],
            "",
            *_table([w[name] for name in METERED], content["metered"]),
        ]
        columns = [w[name] for name in ("label", "best", "typical", "unit")]
        parts += [
            "",
            f"## {w['values_title']}",
            "",
            w["values_note"],
            "",
            *_table(columns, content["released"]),
        ]
    return "\n".join(parts) + "\n"


def page(verdict: AuditVerdict, lang: str, made_at: datetime) -> str:
    """The whole report as one page that opens from a file, without scripts or anything fetched."""
    from reporting_agent.report import html

    both, content = words(lang), _content(verdict, lang)
    w = both["verdict"]
    names = [
        *(["failures"] if verdict.failed else []),
        "checks",
        "declared",
        "subject",
        "strata",
        "metered",
        "released",
    ]
    headings = {
        "checks": w["checks"],
        "failures": w["failures"],
        "declared": w["declared"],
        "subject": w["subject"],
        "strata": w["sample"],
        "metered": w["metered"],
        "released": w["values_title"],
    }
    parts = [
        {
            "id": name,
            "heading": headings[name],
            "title": headings[name],
            "body": html.filled("verdict", {name: content[name]}, both),
        }
        for name in names
        if name in content
    ]
    caption = [value for _, value in content.get("subject", [])[:2]] + [
        w["made"].format(when=time(made_at.astimezone(UTC), lang))
    ]
    frame = {**both["frame"], "brand": w["brand"], "confidential": w["confidential"]}
    return (
        html.environment()
        .get_template("frame.html")
        .render(
            lang=lang,
            w={**both, "frame": frame},
            style=html.style(),
            style_hash=html.style_hash(),
            heading=w[verdict.of],
            caption=" · ".join(caption),
            lead=html.filled(
                "opening", {"lead": lead(verdict, lang), "notes": notes(verdict, lang)}
            ),
            parts=parts,
            zone=w["zone"],
        )
    )


def _content(verdict: AuditVerdict, lang: str) -> dict[str, Any]:
    """Every part of the report in words of one language; those of a sample only where there is
    one.
    """
    groups: list[dict[str, Any]] = [
        {
            "heading": " ".join(_answered(answer, lang)),
            "open": answer.state not in (CheckState.HELD, None),
            "rows": [_check(finding, lang) for finding in answer.findings],
        }
        for answer in verdict.answers
    ] or [{"heading": "", "rows": [_check(finding, lang) for finding in verdict.findings]}]
    content: dict[str, Any] = {
        "checks": groups,
        "failures": [
            check
            for group in groups
            for check in group["rows"]
            if check["state"] == CheckState.FAILED
        ],
    }
    if verdict.evidence is None:
        return content
    content["declared"] = _declared(verdict, lang)
    names, kinds = words(lang)["verdict_subject"], words(lang)["verdict_strata"]
    content["subject"] = [
        (names[name], str(value)) for name, value in subject_of(verdict.evidence).items()
    ]
    content["strata"] = [
        {
            "name": " ".join(
                filter(
                    None,
                    [
                        stratum["stratum"].partition("/")[2],
                        kinds[stratum["stratum"].partition("/")[0]],
                    ],
                )
            ),
            "leaves": f"{stratum['leaves']:,}",
            "drawn": f"{stratum['drawn']:,}",
            "finds": f"{stratum['finds']:,}",
            "probability": f"{100 * stratum['with_probability']:.1f} %",
        }
        for stratum in strata_of(verdict.evidence)
    ]
    content["metered"] = [
        {
            name: f"{value:,.1f}" if name == "unknown_h" else _whole(value)
            for name, value in meter.items()
        }
        for meter in metered_of(verdict.evidence)
    ]
    content["released"] = [
        {
            "name": " ".join(
                label[part] for part in ("step", "product", "variant", "metric") if label[part]
            ),
            "best": f"{label['best']:g}",
            "typical": f"{label['typical']:g}",
            "unit": label["unit"],
        }
        for label in values_of(verdict.evidence)
    ]
    return content


def _declared(verdict: AuditVerdict, lang: str) -> list[dict[str, str]]:
    kinds = words(lang)["verdict_declared"]
    return [
        {
            "kind": kinds[declaration.kind],
            "of": in_language(declaration.of, lang)
            if isinstance(declaration.of, Phrase)
            else declaration.of,
            "since": declaration.since,
            "until": declaration.until,
            "does": declaration.does,
            "reason": declaration.reason,
        }
        for declaration in verdict.declared
    ]


def _whole(value: str | float) -> str:
    return value if isinstance(value, str) else significant(value, 4)


def _check(finding: CheckOutcome, lang: str) -> dict[str, Any]:
    w = words(lang)["verdict"]
    return {
        "code": finding.code,
        "name": words(lang)["verdict_checks"][finding.code],
        "state": finding.state.value,
        "kind": w[finding.kind],
        "word": w[_word(finding)],
        "sentence": _in_language(finding.words, lang),
        "remedy": _in_language(finding.to_do, lang),
        "places": [_in_language(place, lang) for place in finding.places],
        "more": _more(finding, lang),
    }


def _more(finding: CheckOutcome, lang: str) -> str:
    """How many failed besides those whose places are told; empty where all are."""
    more = finding.count - len(finding.places)
    if finding.state is not CheckState.FAILED or not finding.places or more <= 0:
        return ""
    return words(lang)["verdict"]["more"].format(number=f"{more:,}")


def _word(finding: CheckOutcome) -> str:
    """The key of the word for how a check came out."""
    return finding.state.value if finding.asked else "not-asked"


def _rows(checks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """With what is missing, where nothing could be found."""
    return [
        {name: check[name] for name in ("name", "code", "kind", "word")}
        | {
            "found": " ".join(
                filter(
                    None,
                    [
                        check["sentence"],
                        check["remedy"] if check["state"] == CheckState.NOT_CHECKABLE else "",
                    ],
                )
            )
        }
        for check in checks
    ]


def _in_language(both: Words | None, lang: str) -> str:
    return "" if both is None else both.said_in(lang)


def _table(columns: list[str], rows: list[dict[str, str]]) -> list[str]:
    if not rows:
        return []
    heading = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return heading + [f"| {' | '.join(_cell(value) for value in row.values())} |" for row in rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
