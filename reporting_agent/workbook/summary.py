"""The labels of a workbook in a few lines for the terminal, in the workbook's language."""

from __future__ import annotations

from benchmarks.catalogue import in_language
from reporting_agent.report.figures import shown
from reporting_agent.report.words import reason
from reporting_agent.workbook.labelling import LabelledWorkbook, name_of
from reporting_agent.workbook.words import NOTES, RESULTS, SHEETS, carrier_name, cell_fault, tell


def as_text(labelled: LabelledWorkbook) -> str:
    """One block a product and metric: the label, what is usual, what lies above the label, and why
    runs were left out.
    """
    lang = labelled.sheet.lang
    lines: list[str] = []
    for label in labelled.labels:
        lines.append(
            f"{name_of(label)}: {tell(RESULTS['used'], lang)} {label.used:,} / {label.read:,}"
        )
        if label.best.value is None:
            lines.append(
                f"  {tell(RESULTS['no_label'], lang)}: {reason(label.best.reason or '', lang)}"
            )
        else:
            values = (("best", label.best.value), ("typical", label.typical), ("mean", label.mean))
            lines += [
                f"  {tell(RESULTS[key], lang)}: {shown(value)} {label.unit}"
                for key, value in values
            ]
        if label.gap is not None:
            for key, value in (("gap", label.gap.energy), ("unexplained", label.gap.unexplained)):
                lines.append(f"  {tell(RESULTS[key], lang, energy=label.gap.unit)}: {shown(value)}")
        lines += [
            f"  {tell(RESULTS['left_out'], lang)}: {reason(code, lang)} {count:,}"
            for code, count in label.excluded.items()
        ]
    if labelled.sheet.unread:
        sheet, first = labelled.sheet.unread[0]
        row = f"{sheet}, {tell(RESULTS['row'], lang)} {first.place.row}"
        where = (
            f"{row}{f', {first.place.column}' if first.place.column else ''}: "
            f"{in_language(first.found, lang)}"
        )
        where += f"; {tell(RESULTS['wanted'], lang)}: {cell_fault(first.wanted, lang)}"
        lines.append(f"{tell(SHEETS['unread'], lang)}: {len(labelled.sheet.unread):,} ({where})")
    if labelled.without_lhv:
        names = ", ".join(carrier_name(carrier, lang) for carrier in labelled.without_lhv)
        lines.append(tell(NOTES["lhv_needed"], lang, about=SHEETS["about"], carriers=names))
    lines += labelled.sheet.passed_over
    return "\n".join(
        [
            *lines,
            *(
                in_language(sentence, lang)
                for sentence in (*labelled.differing_totals, *labelled.later)
            ),
        ]
    )
