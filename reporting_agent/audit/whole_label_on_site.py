"""The whole label again from the plant's files, for an auditor on site: same root, label and
release, else which data differ by the parts kept beside the report (away from the site, by the
opening's table of contents).

The released grid points are drawn again from the report's key and the portal's challenge. Nothing
is spent, written or sent. Another version's report has the same root where both label alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.audit.committed_tree import Contents, DataTree, differing, parts_of, told_by
from benchmarks.declared import Words, worded
from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, in_number
from benchmarks.privacy.randomness import ReportKey
from benchmarks.released import ReleasedLabel
from benchmarks.wire.schema import Report
from reporting_agent.config import SiteSettings
from reporting_agent.sending.planning import Subject, draw
from reporting_agent.sending.pooled_labels import Windows
from reporting_agent.sending.report_material import gather_again

ROOT, LABEL, RELEASE = "root", "label", "release"


@dataclass(frozen=True, slots=True)
class ReportDifference:
    """One thing that did not come out as it was reported: of what kind, and in words."""

    kind: str
    words: Words

    @property
    def found(self) -> str:
        return self.words.en


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What the files give today, and where it is not what the report says. Confidential: `labels`
    are exact.
    """

    root: bytes
    labels: tuple[StepLabel, ...]
    released: tuple[ReleasedLabel, ...]
    differences: tuple[ReportDifference, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        return not self.differences


def recompute(
    site: SiteSettings,
    report: Report,
    key: ReportKey,
    *,
    windows: Windows | None = None,
    contents: Contents | None = None,
    parts: Mapping[str, str] | None = None,
) -> Recomputation:
    """Make the report again.

    Args:
        site: the settings, with the plant's files where they name them.
        report: as it was sealed; the auditor holds it against the portal's receipt.
        key: of the report, opened to the auditor; its commitment is part of the root.
        windows: the years that each step's label covered, as they were committed to; else as the
            report's labels tell.
        contents: the table that was committed to, from an opening.
        parts: what was kept at the commitment (`Parcel.parts`), so that a difference can be named.

    Raises:
        InputError: a file, the profile or the pack cannot be used.
        PolicyRefusal: these files hold nothing that could have been released.
    """
    released = report.released
    covered = (
        {label.step: label.years for label in released.labels if label.years > 1}
        if windows is None
        else windows
    )
    material = gather_again(site, Period.parse(released.period, site.zone), covered)
    planned = material.plan(
        Subject(released.site, released.period, released.revision, released.revision > 1)
    )
    tree = planned.tree(key, report.software)
    drawn = draw(planned, key, root=report.data_root, challenge=report.challenge)
    differences: list[ReportDifference] = []
    if tree.root != report.data_root:
        differences += _of_root(tree, report.data_root, contents, parts)
    differences += _of_labels(drawn, released.labels)
    differences += _of_withheld(planned.withheld, released.withheld)
    return Recomputation(
        tree.root,
        tuple(release.label for release in planned.releases),
        tuple(drawn),
        tuple(differences),
    )


def _of_root(
    tree: DataTree, committed: bytes, contents: Contents | None, parts: Mapping[str, str] | None
) -> list[ReportDifference]:
    now, then = tree.root.hex(), committed.hex()
    differences = [
        worded("the files give %(now)s, but %(then)s was committed to", now=now, then=then)
    ]
    if parts:
        differences = list(map(Words.of, differing(dict(parts), parts_of(tree)))) or differences
    elif contents is not None:
        differences = list(map(Words.of, differing(told_by(contents), told_by(tree.contents)))) or [
            worded(
                "%(told)s; the numbers of records and the rest of the table of contents are the "
                "same",
                told=differences[0],
            )
        ]
    return [ReportDifference(ROOT, difference) for difference in differences]


def _of_labels(
    drawn: list[ReleasedLabel], reported: tuple[ReleasedLabel, ...]
) -> list[ReportDifference]:
    ours, theirs = ({_name(label): label for label in labels} for labels in (drawn, reported))
    differences: list[ReportDifference] = []
    for name in dict.fromkeys([*theirs, *ours]):
        own, other = ours.get(name), theirs.get(name)
        if own is None or other is None:
            more = worded("%(name)s: not in the report", name=name)
            less = worded("%(name)s: the files give no such label", name=name)
            differences.append(ReportDifference(LABEL, more if other is None else less))
        elif own != other:
            sentence = Phrase(
                "%(name)s: %(drawn)s, reported %(reported)s",
                name=name,
                drawn=_drawn(own),
                reported=_drawn(other),
            )
            differences.append(ReportDifference(RELEASE, Words.of(sentence)))
    return differences


def _of_withheld(
    ours: tuple[tuple[str, str, str], ...], reported: tuple[tuple[str, str, str], ...]
) -> list[ReportDifference]:
    """Every step, metric and reason that is withheld by the report alone, or by the files alone."""
    differences = []
    for withheld in sorted({*ours} ^ {*reported}):
        step, metric, reason = withheld
        extra = worded(
            "%(step)s %(metric)s: withheld as %(reason)s, but the files give no reason",
            step=step,
            metric=metric,
            reason=reason,
        )
        here = worded(
            "%(step)s %(metric)s: should be withheld as %(reason)s, but the report does not say so",
            step=step,
            metric=metric,
            reason=reason,
        )
        differences.append(ReportDifference(LABEL, extra if withheld in reported else here))
    return differences


def _name(label: ReleasedLabel) -> str:
    return " ".join(part for part in LabelKey.of(label) if part)


def _drawn(label: ReleasedLabel) -> Phrase:
    drawn = Phrase(
        "grid points %(best)s and %(typical)s, at least %(number)s batches",
        best=label.best.grid_point,
        typical=label.typical.grid_point,
        number=label.count_class,
    )
    return (
        drawn
        if label.months is None
        else in_number(
            label.months,
            "%(drawn)s, in %(months)s month",
            "%(drawn)s, in %(months)s months",
            drawn=drawn,
            months=label.months,
        )
    )
