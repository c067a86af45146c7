"""A report laid open before its owner: every field that leaves, in words and in canonical form, and
what it gives away.

Built from the very report that is sealed, or from a draft of it in which what is not drawn yet is
marked so; it knows released values only. `preview` prints it, and its JSON form is what `preview
--json` gives.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from benchmarks.label_keys import LabelKey
from benchmarks.privacy.accounting import reserve
from benchmarks.released import ReleasedLabel, ReleasedQuantile
from benchmarks.routes import Pack
from benchmarks.wire.canonical import Value, decode
from benchmarks.wire.schema import Header, Report, encode_report
from reporting_agent.sending.consent import (
    SCHEME,
    TERMS,
    BatchCount,
    Language,
    Offer,
    counted_lines,
    number,
    odds_ratio,
    offer_lines,
    reason,
    terms,
    text,
    years_of,
)

ASKED: Mapping[str, tuple[str, ...]] = {
    "subject": ("site", "period", "revision"),
    "device": ("device_id", "key_id"),
    "sequence": ("ledger_sequence",),
    "method": ("schema", "pack", "pack_version", "pack_digest", "policy_digest"),
    "root": ("data_root", "salt"),
    "draw": ("challenge",),
    "kind": ("step", "product", "variant", "boundary", "metric", "unit", "grid"),
    "count": ("count_class",),
    "years": ("years",),
    "months": ("months",),
    "values": ("labels", "best", "typical"),
    "withheld": ("withheld", "reason"),
    "software": ("software",),
    "consent": ("consent",),
}
"""Every field that leaves, in the groups in which a person asks why."""

UNPROTECTED = ("site", "period", "count", "years", "months", "level", "withheld")


@dataclass(frozen=True, slots=True)
class Prospectus:
    """One report to look at.

    `header` is None where no device is enrolled yet. `drawn` says whether grid points, key and data
    root are the real ones. `spent_after` gives, per step and year, the most that any batch carries
    once this report is debited, corrections aside. Shown here and not leaving: `missing` names, by
    step and metric, the carriers that no batch reports; `counted` the batches behind each label;
    `offered` the steps that would gain from covering earlier years.
    """

    report: Report
    header: Header | None
    drawn: bool
    state: str
    pack: Pack
    spent_after: Mapping[tuple[str, int], Fraction]
    missing: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    counted: Mapping[LabelKey, BatchCount] = field(default_factory=dict)
    offered: tuple[Offer, ...] = ()

    def epsilon_by_step(self) -> dict[str, Fraction]:
        """What this report gives away of a batch of each step, at most.

        Products and variants share no batch, but a record told as another variant than it was
        counts in both (privacy.md): the two dearest cells of a step add up.
        """
        cells: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        for label in self.report.released.labels:
            cells[label.step, label.product, label.variant] += self._epsilon(label)
        by_step: dict[str, list[Fraction]] = defaultdict(list)
        for (step, _, _), epsilon in cells.items():
            by_step[step].append(epsilon)
        return {step: sum(sorted(spent)[-2:], Fraction(0)) for step, spent in by_step.items()}

    def _epsilon(self, label: ReleasedLabel) -> Fraction:
        """What a label takes from one unit of privacy: a record's own, or a whole day's, of which a
        record has its part.
        """
        policy = self.pack.policy
        return (
            label.epsilon
            if policy.unit == "record"
            else policy.epsilon_best + policy.epsilon_typical
        )

    def canonical(self, language: Language = "en") -> dict[str, Any]:
        """The report as it is encoded, byte strings as hex; values still to be drawn or made marked
        so, for a reader of this language.
        """
        shown = _readable(decode(encode_report(self.report)))
        assert isinstance(shown, dict)  # noqa: S101  # the schema is a map
        if not self.drawn:
            shown["data_root"] = shown["salt"] = text(language, "mark.submit")
            shown["challenge"] = text(language, "mark.challenge")
            for label in shown["labels"]:
                label["best"]["cell"] = label["typical"]["cell"] = text(language, "mark.draw")
        return shown

    def to_json(self) -> dict[str, Any]:
        header = None if self.header is None else self.header.to_wire()
        if header is not None and not self.drawn:
            header["key_id"] = header["ledger_sequence"] = text("en", "mark.submit")
        steps = self.epsilon_by_step()
        total = sum(steps.values(), Fraction(0))
        return {
            "state": self.state,
            "drawn": self.drawn,
            "header": header,
            "report": self.canonical(),
            "report_cbor": encode_report(self.report).hex() if self.drawn else None,
            "risk": {
                "steps": {
                    step: {"epsilon": str(epsilon), "odds_ratio": odds_ratio(epsilon)}
                    for step, epsilon in steps.items()
                },
                "summed": {"epsilon": str(total), "odds_ratio": odds_ratio(total)},
            },
            "missing_carriers": [
                {"step": step, "metric": metric, "carriers": list(names)}
                for (step, metric), names in self.missing.items()
            ],
            "unit_of_privacy": self.pack.policy.unit,
            "spent_after": _by_step(self.spent_after),
            "counted": [batch_count.to_json(key) for key, batch_count in self.counted.items()],
            "pool": [offer.to_json() for offer in self.offered],
            "cap_per_year": str(self.pack.policy.cap_per_year),
            "why": {name: text("en", f"why.{name}") for name in ASKED},
            "consent": dict(zip(TERMS, terms("en"), strict=True)),
            "unprotected": {name: text("en", f"open.{name}") for name in UNPROTECTED},
        }

    def to_text(self, language: Language) -> str:
        released = self.report.released
        key = (
            "title.sealed"
            if self.drawn
            else "title.draft"
            if self.state == "planned"
            else "title.begun"
        )
        subject = {"site": released.site, "period": released.period, "revision": released.revision}
        blocks = [
            [text(language, key, state=text(language, f"state.{self.state}"), **subject)],
            [_head(language, "section.first"), *_indented([text(language, "first")])],
            [_head(language, "section.header"), *_indented(self._header_lines(language))],
            [_head(language, "section.report"), *_indented(self._report_lines(language))],
            *(
                [
                    f"  {self._name(language, label)}",
                    *_indented(self._label_lines(language, label), 4),
                ]
                for label in released.labels
            ),
            [_head(language, "section.withheld"), *_indented(self._withheld_lines(language))],
            *self._offered_block(language),
            [_head(language, "section.risk"), *_indented(self._risk_lines(language))],
            [_head(language, "section.why"), *_indented(_why_lines(language))],
            [_head(language, "section.consent", scheme=SCHEME), *_indented(terms(language))],
            [
                _head(language, "section.open"),
                *_indented([text(language, f"open.{name}") for name in UNPROTECTED]),
            ],
            [_head(language, "section.stays"), *_indented([text(language, "stays")])],
            [
                _head(language, "section.canonical"),
                json.dumps(self.canonical(language), ensure_ascii=False, indent=1),
            ],
        ]
        return "\n\n".join("\n".join(block) for block in blocks)

    def _header_lines(self, language: Language) -> list[str]:
        released, header = self.report.released, self.header
        later = text(language, "mark.submit")
        unknown = text(language, "mark.enrolment")
        values = {
            "site": released.site,
            "period": released.period,
            "revision": str(released.revision),
            "key_id": header.key_id if header and self.drawn else later,
            "device_id": header.device_id if header else unknown,
            "ledger_sequence": str(header.ledger_sequence) if header and self.drawn else later,
            "signature": later if not self.drawn else "Ed25519",
        }
        return _fields(language, values)

    def _report_lines(self, language: Language) -> list[str]:
        report = self.report
        values = {
            "pack": f"{report.released.pack} {report.released.pack_version}",
            "pack_digest": report.pack_digest.hex(),
            "policy_digest": report.policy_digest.hex(),
            "data_root": report.data_root.hex() if self.drawn else text(language, "mark.submit"),
            "challenge": report.challenge.hex() if self.drawn else text(language, "mark.challenge"),
            "salt": text(language, "mark.submit") if not self.drawn else report.salt.hex(),
            "software": report.software,
            "consent": "–"
            if report.consent is None
            else f"{report.consent.scheme} ({report.consent.terms.hex()})",
        }
        return _fields(language, values)

    def _name(self, language: Language, label: ReleasedLabel) -> str:
        step = self.pack.step(label.step)
        product = step.product_words.said_in(language)
        variant = next(
            (
                f" / {candidate.words.said_in(language)}"
                for candidate in step.variants
                if candidate.id == label.variant
            ),
            "",
        )
        metric = text(language, f"metric.{label.metric}")
        return text(
            language,
            "section.label",
            step=self._step(language, label.step),
            product=product,
            variant=variant,
            metric=metric,
        )

    def _step(self, language: Language, step_id: str) -> str:
        return self.pack.step(step_id).words.said_in(language)

    def _label_lines(self, language: Language, label: ReleasedLabel) -> list[str]:
        grid, years = label.grid, years_of(self.report.released.period, label.years)
        span = {"first": years[0], "last": years[-1], "years": label.years}
        bounds = {
            "lower": number(grid.lower),
            "upper": number(grid.upper),
            "width": number(grid.width),
        }
        return [
            *_fields(language, {"boundary": label.boundary, "unit": label.unit}),
            text(language, "field.grid", **bounds),
            *(
                [text(language, "counted.beyond", **bounds, unit=label.unit)]
                if self._beyond_grid(label)
                else []
            ),
            text(language, "field.count_class", count_class=label.count_class),
            *([text(language, "field.years", **span)] if label.years > 1 else []),
            *(
                [text(language, "field.months", months=label.months)]
                if label.months is not None
                else []
            ),
            *self._counted_lines(language, label),
            self._quantile_line(language, "field.best", label, label.best),
            self._quantile_line(language, "field.typical", label, label.typical),
        ]

    def _quantile_line(
        self, language: Language, key: str, label: ReleasedLabel, drawn: ReleasedQuantile
    ) -> str:
        name = text(language, key, quantile=drawn.quantile, epsilon=drawn.epsilon)
        if not self.drawn:
            return f"{name}{text(language, 'sign.colon')}{text(language, 'mark.draw')}"
        return f"{name}{text(language, 'sign.colon')}" + text(
            language,
            "value.grid-point",
            value=number(label.grid.value(drawn.grid_point)),
            unit=label.unit,
            point=drawn.grid_point,
        )

    def _counted(self, label: ReleasedLabel) -> BatchCount | None:
        return self.counted.get(LabelKey.of(label))

    def _beyond_grid(self, label: ReleasedLabel) -> bool:
        return (batch_count := self._counted(label)) is not None and batch_count.beyond_grid

    def _counted_lines(self, language: Language, label: ReleasedLabel) -> list[str]:
        batch_count = self._counted(label)
        return [] if batch_count is None else counted_lines(language, batch_count, self.pack)

    def _offered_block(self, language: Language) -> list[list[str]]:
        lines = offer_lines(language, self.offered, self.pack)
        return [[_head(language, "section.offer"), *_indented(lines)]] if lines else []

    def _withheld_lines(self, language: Language) -> list[str]:
        lines = []
        for step, metric, code in self.report.released.withheld:
            why = reason(language, code) + self._missing_text(language, step, metric, code)
            lines.append(
                f"{step}, {text(language, f'metric.{metric}')}{text(language, 'sign.colon')}{why}"
            )
        return lines or ["–"]

    def _missing_text(self, language: Language, step: str, metric: str, code: str) -> str:
        names = self.missing.get((step, metric), ())
        return (
            text(language, "withheld.missing", carriers=", ".join(names), step=step)
            if names and code == "metric-incomplete"
            else ""
        )

    def _risk_lines(self, language: Language) -> list[str]:
        unit = self.pack.policy.unit
        together = {step.id: step.label_rule.most_records_a_day for step in self.pack.steps}
        lines = [text(language, "risk.unit-record")] if unit == "record" else []
        if unit == "day":
            days = {step: together[step] for step in self.epsilon_by_step()}
            lines += [
                text(language, "risk.unit-day", step=self._step(language, step), most=most)
                for step, most in days.items()
            ]
        for label in self.report.released.labels:
            named = {
                "step": self._step(language, label.step),
                "metric": text(language, f"metric.{label.metric}"),
            }
            epsilon = self._epsilon(label)
            lines.append(
                text(
                    language,
                    f"risk.label-{unit}",
                    epsilon=number(epsilon),
                    odds=odds_ratio(epsilon),
                    **named,
                )
            )
        steps = self.epsilon_by_step()
        cells = Counter(
            step
            for step, _, _ in {
                (released.step, released.product, released.variant)
                for released in self.report.released.labels
            }
        )
        for step, epsilon in steps.items():
            key = "risk.variants" if cells[step] > 1 else "risk.step"
            lines.append(
                text(
                    language,
                    key,
                    step=self._step(language, step),
                    epsilon=number(epsilon),
                    odds=odds_ratio(epsilon),
                )
            )
        if len(steps) > 1:
            total = sum(steps.values(), Fraction(0))
            lines.append(
                text(
                    language,
                    "risk.sum",
                    steps=len(steps),
                    epsilon=number(total),
                    odds=odds_ratio(total),
                )
            )
        cap = self.pack.policy.cap_per_year
        for (step, year), spent in self.spent_after.items():
            amounts = {
                "year": year,
                "spent": number(spent),
                "cap": number(cap),
                "left": number(max(cap - spent, Fraction(0))),
            }
            lines.append(
                text(language, f"risk.spent-{unit}", step=self._step(language, step), **amounts)
            )
        whole = cap + reserve(self.pack.policy)
        lines.append(
            text(
                language,
                f"risk.ever-{unit}",
                cap=number(cap),
                reserve=number(whole - cap),
                whole=number(whole),
                odds=odds_ratio(whole),
            )
        )
        return lines


def _by_step(spent: Mapping[tuple[str, int], Fraction]) -> dict[str, dict[str, str]]:
    """By step, then by year."""
    by_step: dict[str, dict[str, str]] = defaultdict(dict)
    for (step, year), most in spent.items():
        by_step[step][str(year)] = str(most)
    return by_step


def _fields(language: Language, values: dict[str, str]) -> list[str]:
    return [
        f"{text(language, f'field.{name}')}{text(language, 'sign.colon')}{value}"
        for name, value in values.items()
    ]


def _head(language: Language, key: str, **values: object) -> str:
    return text(language, key, **values) + text(language, "sign.colon").rstrip()


def _why_lines(language: Language) -> list[str]:
    """Each field that leaves, and to what end it is asked for."""
    return [
        f"{text(language, f'asked.{name}')}{text(language, 'sign.colon')}{text(language, f'why.{name}')}"  # noqa: E501
        for name in ASKED
    ]


def _indented(lines: list[str], by: int = 2) -> list[str]:
    return [" " * by + line for line in lines]


def _readable(value: Value) -> Any:
    """CBOR as JSON: byte strings become hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items()}
    return value
