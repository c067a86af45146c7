"""What every proposal needs: columns by their headers, the notation of numbers and dates, units,
words, and questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.carriers import CARRIERS
from benchmarks.phrases import Phrase, alternatives, enumerated, in_number, joined
from reporting_agent.config.profile import zone_named
from reporting_agent.door import notation
from reporting_agent.door.deciding import local_zone
from reporting_agent.door.look import AS_ANSWERED, FileLook, is_clock, is_date, is_value
from reporting_agent.door.naming import (
    ColumnMatch,
    bare_days,
    named,
    numbers,
    parts_of,
    rivals,
    together,
    unclear_unit_of,
    unit_of,
)
from reporting_agent.door.types import KeyEvidence, ProfileProposal, ProfileQuestion, impossible
from reporting_agent.door.vocabulary import VOCABULARY
from reporting_agent.sources.cells import Cell, is_blank, plain
from reporting_agent.sources.sheets import header_twice
from reporting_agent.sources.wanted import CellKind, Template

_YES = ("yes", "no")
_USUAL_WORD = {"status": "good", "state": "normal"}


class Maker:
    """Collects keys, evidence and questions for one input."""

    def __init__(
        self, look: FileLook, wanted: Template, answers: Mapping[str, str], because: str
    ) -> None:
        self.look, self.wanted, self.answers = look, wanted, answers
        self.proposal = ProfileProposal(wanted.name, look)
        self.proposal.evidence.append(KeyEvidence("input", wanted.name, because))
        self.found = named(look, wanted)
        self.qualifying: list[str] = []  # columns that say what kind of reading a row is
        self.spread = look.once(
            ("parts", wanted.name), lambda: parts_of(look, wanted, dict(self.found))
        )
        for name, parts in self.spread.items():
            self.found[name] = ColumnMatch(look.header.index(parts[-1]), parts[-1], "", 1.0)

    def begin(self) -> None:
        """What every input has: how the file is written, its columns, numbers and dates."""
        for key, value in self.look.keys.items():
            self.proposal.keys[key] = value
        for key, because in self.look.because.items():
            self.proposal.evidence.append(KeyEvidence(key, self.look.keys.get(key, ""), because))
        if (
            self.look.sheets
            and self.asked(
                "sheet",
                Phrase("Which sheet holds the table?"),
                self.look.sheets,
                proposal=self.look.sheets[0],
            )
            is not None
        ):
            self.proposal.set("sheet", self.answers["sheet"], AS_ANSWERED)
        if self.look.encodings:
            ask = Phrase(
                "In which encoding is the file? %(reason)s.", reason=self.look.because["encoding"]
            )
            likely = Phrase("the first of those that fit; only names differ")
            self.asked(
                "encoding",
                ask,
                self.look.encodings,
                proposal=self.look.encodings[0],
                likely=likely,
            )
        if self.look.day:
            ask = Phrase(
                "%(column)s holds numbers of days. Of which month?", column=repr(self.look.day)
            )
            if self.look.titles:
                ask = joined(
                    ask,
                    Phrase(
                        "Above the table stands %(titles)s.",
                        titles=enumerated(map(repr, self.look.titles)),
                    ),
                )
            self.asked("month", ask, example="2025-03")
        self._days()
        self._columns()
        self._numbers()
        self._dates()
        self._blank_dates()

    def end(self) -> ProfileProposal:
        """Words in cells, totals, and what is not used; then the proposal is whole."""
        self._words()
        if self.look.totals:
            rows = enumerated(map(str, self.look.totals[:5]))
            why = Phrase(
                "rows %(rows)s are totals by their words; they are told and left out", rows=rows
            )
            self.proposal.evidence.append(KeyEvidence("totals", "", why))
        used = {matched.index for matched in self.found.values()} | {
            self.look.header.index(part) for parts in self.spread.values() for part in parts
        }
        self.proposal.matches = {
            name: matched.index for name, matched in self.found.items() if name not in self.spread
        }
        self.proposal.unused = tuple(
            name
            for index, name in enumerate(self.look.header)
            if name and index not in used and name not in self.qualifying
        )
        return self.proposal

    def asked(
        self,
        key: str,
        ask: str,
        choices: Sequence[str] = (),
        example: str = "",
        proposal: str = "",
        likely: str = "",
        every: str = "",
    ) -> str | None:
        """The answer to a question; None where it is not answered yet, and then the question is
        open.
        """
        answer = self.answers.get(key)
        if answer is None:
            self.proposal.questions.append(
                ProfileQuestion(key, ask, tuple(choices), example, proposal, likely, every)
            )
            return None
        if choices and answer not in choices:
            wanted = Phrase("%(answers)s", answers=alternatives(choices))
            raise impossible(self.look.path, key, answer, _not_possible(key), wanted)
        return answer

    def use(self, name: str, header: str, because: str = AS_ANSWERED, share: float = 1.0) -> None:
        """A column of the file for one of the template's."""
        self.found[name] = ColumnMatch(self.look.header.index(header), header, because, share)
        self.proposal.set(f"columns.{name}", header, because)

    def drop(self, *names: str) -> None:
        """Columns of the template that the file has in another form."""
        for name in names:
            self.found.pop(name, None)
            self.proposal.table("columns").pop(name, None)
            self.proposal.evidence = [
                evidence for evidence in self.proposal.evidence if evidence.key != f"columns.{name}"
            ]

    def _days(self) -> None:
        """A row a day: its date names the batch, which lasts until the next one begins."""
        header = (
            bare_days(self.look)
            if self.wanted.key == "batch_id" and "batch_id" not in self.found
            else None
        )
        if header is None:
            return
        ask = Phrase(
            "%(column)s holds dates without a clock time. Is a row the whole of its day?",
            column=repr(header),
        )
        likely = Phrase("each date stands once and has no clock time")
        if self.asked("days", ask, _YES, proposal=_YES[0], likely=likely) != _YES[0]:
            return
        self.proposal.set("days", True, AS_ANSWERED)
        self.found["batch_id"] = ColumnMatch(
            self.look.header.index(header), header, Phrase("its day names the batch"), 1.0
        )
        if self.wanted.column("duration_s") is not None:
            self.proposal.set("constants.duration_s", 86_400.0, Phrase("a day"))

    def _blank_dates(self) -> None:
        """Dates that stand on the first row of a block alone, above rows that have their own clock
        times.
        """
        moments = [name for name, parts in self.spread.items() if len(parts) == 2]
        if not moments or self.wanted.name == "readings":
            return
        index = self.look.header.index(self.spread[moments[0]][0])
        rows = [
            (row, cells)
            for row, cells in self.look.rows
            if row not in self.look.totals and index < len(cells)
        ]
        blank = [row for row, cells in rows if is_blank(cells[index])]
        if 5 * len(blank) < len(rows) or not rows or is_blank(rows[0][1][index]):
            return
        ask = in_number(
            len(blank),
            "%(column)s is blank in %(count)s row, row %(first)s. Is its date that of the row "
            "above?",
            "%(column)s is blank in %(count)s rows, the first in row %(first)s. Is its date that "
            "of the row above?",
            column=repr(self.look.header[index]),
            count=f"{len(blank):,}",
            first=blank[0],
        )
        likely = Phrase("the rows below have clock times of their own")
        key = f"{self.wanted.name}.fill_down"
        if self.asked(key, ask, _YES, proposal=_YES[0], likely=likely) == _YES[0]:
            self.proposal.set("fill_down", moments, AS_ANSWERED)

    def _columns(self) -> None:
        for column in self.wanted.columns:
            if (
                column.kind is CellKind.MOMENT
                and column.name not in self.spread
                and (others := rivals(self.look, self.wanted, column.name, self.found))
            ):
                header = self.found[column.name].header
                if header in others:
                    raise header_twice(str(self.look.path), self.look.header, header)
                ask = Phrase(
                    "Which column holds %(wanted)s (%(input)s)? %(chosen)s and %(others)s can be "
                    "it.",
                    wanted=column.name,
                    input=self.wanted.name,
                    chosen=repr(header),
                    others=enumerated(map(repr, others)),
                )
                key = f"{self.wanted.name}.{column.name}"
                likely: str = ""
                if self.wanted.name == "readings":
                    likely = Phrase("the first of them, where the interval begins")
                answer = self.asked(key, ask, [header, *others], proposal=header, likely=likely)
                if answer is not None:
                    self.found[column.name] = ColumnMatch(
                        self.look.header.index(answer), answer, AS_ANSWERED, 1.0
                    )
        for name, parts in self.spread.items():
            self.proposal.set(f"parts.{name}", parts, Phrase("each holds a part of it"))
        for name, matched in self.found.items():
            if matched.header != name and name not in self.spread:
                self.proposal.set(f"columns.{name}", matched.header, matched.because)

    def _numbers(self) -> None:
        """The notation of the columns that are wanted; where these leave it open, of all numbers in
        the file.
        """
        wanted = {matched.index for name, matched in self.found.items() if self._is_number(name)}
        every = set(numbers(self.look))
        decimal, group = self._notation(wanted or every)
        if decimal is not None and not decimal.certain and wanted:
            decimal, group = self._notation(every | wanted)
        if (
            decimal is not None
            and not decimal.certain
            and not (decimal.value == "." and self.look.delimiter == ",")
        ):
            ask = Phrase("%(reason)s. Which is it?", reason=decimal.because)
            comma = decimal.value == "," and self.look.delimiter == ";"
            answer = self.asked(
                f"{self.wanted.name}.decimal",
                ask,
                ("decimal", "group"),
                proposal="decimal" if comma or decimal.value == "." else "group",
                likely=Phrase("files with semicolons between cells write a decimal comma")
                if comma
                else "",
                every="decimal",
            )
            if answer == "group":
                self.proposal.set("thousands", decimal.value, AS_ANSWERED)
            if answer == ("decimal" if decimal.value == "," else "group"):
                self.proposal.set("decimal", ",", AS_ANSWERED)
        elif decimal is not None and decimal.value == ",":
            self.proposal.set("decimal", decimal.value, decimal.because)
        if group is not None:
            self.proposal.set("thousands", group.value, group.because)

    def _notation(
        self, indices: set[int]
    ) -> tuple[notation.Notation | None, notation.Notation | None]:
        columns = tuple(sorted(indices))

        def proved() -> tuple[notation.Notation | None, notation.Notation | None]:
            return notation.decimal_of(
                [
                    cell
                    for index in columns
                    for cell in dict.fromkeys(self.look.column(index))
                    if not is_date(cell)
                ]
            )

        return self.look.once(("notation", columns), proved)

    def _is_number(self, name: str) -> bool:
        column = self.wanted.column(name)
        return column is not None and column.kind in {CellKind.NUMBER, CellKind.AMOUNT}

    def _dates(self) -> None:
        names = [
            name
            for name in self.found
            if (c := self.wanted.column(name)) is not None and c.kind is CellKind.MOMENT
        ]
        where = [self.spread.get(name) or self.found[name].index for name in names]
        first, cells = self.look.once(
            ("cells of dates", *map(str, where)),
            lambda: (
                self._cells_of(names[0]) if names else [],
                [cell for name in names for cell in self._cells_of(name)],
            ),
        )
        if not cells:
            return
        seen = self.look.once(("dates", *map(str, where)), lambda: notation.dates_of(cells, first))
        if (serial := seen.serial) is not None:
            ask = Phrase(
                "%(reason)s. By which of Excel's systems? Files of Windows have 1900.",
                reason=serial,
            )
            likely = Phrase("files of Windows count so")
            answer = self.asked(
                "excel_dates", ask, ("1900", "1904"), proposal="1900", likely=likely
            )
            if answer is not None:
                self.proposal.set("excel_dates", answer, serial)
        order = seen.order
        if (written := seen.formats) is not None:
            self._date_format(*written)
        elif order is not None and not order.certain:
            ask = Phrase("Is the day or the month first? %(reason)s.", reason=order.because)
            answer = self.asked(
                f"{self.wanted.name}.date_order",
                ask,
                ("dmy", "mdy"),
                proposal=order.value,
                every="date_order",
            )
            if answer is not None:
                self.proposal.set("date_order", answer, AS_ANSWERED)
        elif order is not None:
            self.proposal.set("date_order", order.value, order.because)
        if (ends := seen.midnight_ends) is not None:
            self.proposal.set("midnight", "ends", ends)
        if not seen.offset:
            self._zone()
        for name, matched in self.found.items():
            column = self.wanted.column(name)
            if column is not None and column.kind is CellKind.MOMENT and not column.required:
                self._stands_for_missing(name, matched)

    def _cells_of(self, name: str) -> list[Cell]:
        """What stands in the column of a moment, or in those that it is spread over."""
        return (
            together(self.look, self.spread[name])
            if name in self.spread
            else self.look.column(self.found[name].index)
        )

    def _date_format(self, formats: Mapping[str, str], because: str) -> None:
        """A format of stamps; asked for where day, month and year may stand in several orders."""
        ask = Phrase("In which order do day, month and year stand? %(reason)s.", reason=because)
        order = (
            next(iter(formats), None)
            if len(formats) < 2
            else self.asked(
                f"{self.wanted.name}.date_order",
                ask,
                tuple(formats),
                proposal=next(iter(formats)),
                every="date_order",
            )
        )
        if order is not None:
            self.proposal.set("date_format", formats[order], because)

    def several_rows(self, quantity: str, *more: tuple[str, Phrase]) -> None:
        """Batches that stand in several rows: whether their amounts are to be summed, or stand
        whole in each row.
        """
        keys = [
            self.found[name].index for name in ("batch_id", "step", "carrier") if name in self.found
        ]
        rows = [
            tuple(plain(str(cells[key])) for key in keys)
            for row, cells in self.look.rows
            if row not in self.look.totals and max(keys, default=0) < len(cells)
        ]
        if "batch_id" not in self.found or not rows:
            return
        name, count = Counter(rows).most_common(1)[0]
        if count < 2:
            return
        what = self.found[quantity].header if quantity in self.found else quantity
        ask = Phrase(
            "Batch %(batch)s stands in %(count)s rows. What is its %(what)s: the sum of them, the "
            "first or the last?",
            batch=repr(name[0]),
            count=count,
            what=repr(what),
        )
        for _, remark in more:
            ask = joined(ask, remark)
        choices = ("sum", "first", "last", *(choice for choice, _ in more))
        answer = self.asked(
            f"{self.wanted.name}.{quantity}.rows",
            ask,
            choices,
            proposal="first" if self._same_in_each(keys, quantity) else "sum",
        )
        if answer in {"sum", "first", "last"}:
            self.proposal.set(f"rows.{quantity}", answer, AS_ANSWERED)

    def _same_in_each(self, keys: Sequence[int], quantity: str) -> bool:
        """Whether a batch's rows all repeat one amount."""
        if quantity not in self.found:
            return False
        amounts: dict[tuple[str, ...], set[str]] = {}
        index = self.found[quantity].index
        for _, cells in self.look.rows:
            if max([*keys, index]) < len(cells):
                key = tuple(plain(str(cells[at])) for at in keys)
                amounts.setdefault(key, set()).add(plain(str(cells[index])))
        return all(len(own) == 1 for own in amounts.values())

    def _says_utc(self) -> str | None:
        """The header of a moment that names UTC."""
        headers = [
            self.found[column.name].header
            for column in self.wanted.columns
            if column.kind is CellKind.MOMENT and column.name in self.found
        ]
        return next((each for each in headers if re.search(r"(?i)\b(utc|gmt)\b", each)), None)

    def _zone(self) -> None:
        if (header := self._says_utc()) is not None:
            why = Phrase("the header %(header)s says so", header=repr(header))
            self.proposal.set("timezone", "UTC", why)
            return
        ask = Phrase("In which time zone are the stamps? They carry no offset.")
        answer = self.asked(
            "timezone",
            ask,
            example="Europe/Berlin",
            proposal=local_zone(),
            likely=Phrase("the time zone of this computer"),
        )
        if answer is None:
            return
        if zone_named(answer) is None:
            sentence = Phrase("The answer to timezone is not a time zone.")
            zones = Phrase("a time zone of the IANA list, such as %(names)s", names="Asia/Shanghai")
            raise impossible(self.look.path, "timezone", answer, sentence, zones)
        self.proposal.set("timezone", answer, AS_ANSWERED)

    def _stands_for_missing(self, name: str, matched: ColumnMatch) -> None:
        """A cell among dates that is none and comes again stands for a date that is not known."""
        others = Counter(
            plain(cell)
            for cell in self.look.column(matched.index)
            if isinstance(cell, str) and not is_date(cell) and not is_clock(cell)
        )
        often = [text for text, count in others.items() if count > 1]
        if often and self.proposal.keys.get("excel_dates") is None:
            why = Phrase(
                "%(word)s stands %(count)s times among the dates of %(column)s",
                word=repr(often[0]),
                count=f"{others[often[0]]:,}",
                column=repr(matched.header),
            )
            self.proposal.set(f"missing.{name}", often, why)

    def required(
        self,
        name: str,
        ask: str,
        example: str,
        key: str | None = None,
        choices: Sequence[str] = (),
        proposal: str = "",
        likely: str = "",
    ) -> None:
        """A required column that the file lacks: a header that was not recognised, or one value for
        every row.
        """
        waits = name == "batch_id" and any(
            question.key == "days" for question in self.proposal.questions
        )
        if waits or name in self.found or name in self.proposal.table("constants"):
            return
        key = key or f"{self.wanted.name}.{name}"
        answer = self.asked(key, ask, choices, example, proposal, likely)
        if answer in self.look.header:
            self.use(name, str(answer))
        elif answer is not None:
            column = self.wanted.column(name)
            number = column is not None and column.kind in {CellKind.NUMBER, CellKind.AMOUNT}
            self.proposal.set(
                f"constants.{name}", self._amount(key, answer) if number else answer, AS_ANSWERED
            )

    def _amount(self, key: str, answer: str) -> float | str:
        """A number as an answer gives it, with a decimal point; of what is none, the reader
        says so.
        """
        if not is_value(answer):
            return answer
        try:
            return float(answer)
        except ValueError as no_number:
            sentence = Phrase("The answer to %(key)s is not a number.", key=key)
            wanted = Phrase(
                "a number with a decimal point, such as 122.5, or the header of a column"
            )
            raise impossible(self.look.path, key, answer, sentence, wanted) from no_number

    def unit(self, quantity: str, unit: str) -> None:
        """The unit of a quantity: a column of its own, the header, the row below it, or a
        question.
        """
        if unit in self.found:
            return
        matched = self.found.get(quantity)
        stated = None if matched is None else unit_of(self.look, matched.index)
        if stated is not None:
            self.proposal.set(f"constants.{unit}", stated[0], stated[1])
            return
        what = repr(matched.header) if matched is not None else quantity
        if (
            matched is not None
            and (unclear := unclear_unit_of(self.look, matched.index)) is not None
        ):
            ask = Phrase(
                "%(what)s is in %(unit)s: 1,000 kg (t), 907.18 kg (short_ton) or 1,016.05 kg "
                "(long_ton)?",
                what=what,
                unit=unclear,
            )
            if (
                answer := self.asked(
                    f"{self.wanted.name}.{unit}",
                    ask,
                    ("t", "short_ton", "long_ton"),
                    proposal="t",
                )
            ) is not None:
                self.proposal.set(f"constants.{unit}", answer, AS_ANSWERED)
            return
        ask = Phrase("In which unit is %(what)s?", what=what)
        usual = "t" if unit == "output_unit" else "kWh"
        likely: str = ""
        if unit == "output_unit":
            constant = self.proposal.table("constants").get(quantity)
            if matched is None and constant is not None:
                usual, likely = "item", Phrase("each row is one piece")
            elif matched is not None and VOCABULARY.names("amounts", "pieces", matched.header):
                usual, likely = "item", Phrase("the header names pieces")
        answer = self.asked(
            f"{self.wanted.name}.{unit}", ask, example=usual, proposal=usual, likely=likely
        )
        if answer is not None:
            self.proposal.set(f"constants.{unit}", answer, AS_ANSWERED)

    def step(self) -> None:
        """The step; proposed as `PACK/STEP` where the words of the file name one."""
        ask, likely = Phrase("Which step of your pack do these rows belong to?"), ""
        proposal, header = VOCABULARY.sector(self.look.header) or ("", "")
        if proposal:
            likely = Phrase("the header %(header)s names the step", header=repr(header))
        self.required("step", ask, "eaf", key="step", proposal=proposal, likely=likely)

    def _words(self) -> None:
        """Words of a column that the template writes otherwise, and words that only a person can
        translate.
        """
        for name, matched in self.found.items():
            column = self.wanted.column(name)
            if column is None or not (column.choices or name == "carrier"):
                continue
            choices = column.choices or tuple(CARRIERS)
            words = sorted({plain(str(cell)) for cell in self.look.column(matched.index)})
            known = {
                word: standard
                for word in words
                if word not in choices
                and (standard := VOCABULARY.standard_word(name, word)) is not None
            }
            unknown = [word for word in words if word not in choices and word not in known]
            meant = self._meant(name, matched, unknown, choices) if unknown else {}
            for word, standard in sorted((known | meant).items()):
                self._standard_words(name)[word] = standard
                why = Phrase(
                    "%(word)s stands in %(column)s",
                    word=repr(word),
                    column=repr(matched.header),
                )
                self.proposal.evidence.append(
                    KeyEvidence(f"values.{name}", f"{word} = {standard}", why)
                )

    def _meant(
        self, name: str, matched: ColumnMatch, words: Sequence[str], choices: Sequence[str]
    ) -> dict[str, str]:
        """What words mean that nobody but the plant knows: `F3 = scrap, F4 = good`."""
        ask = Phrase(
            "What do the words of column %(column)s (%(wanted)s) mean? Each is one of %(choices)s.",
            column=repr(matched.header),
            wanted=name,
            choices=", ".join(choices),
        )
        usual = _USUAL_WORD.get(name, "")
        key = f"{self.wanted.name}.{name}"
        example = ", ".join(f"{word} = {usual or choices[0]}" for word in words)
        answer = self.asked(key, ask, (), example, proposal=example if usual else "")
        if answer is None:
            return {}
        parts = [part.partition("=") for part in re.split(r"[,;]", answer) if part.strip()]
        meant = {word.strip(): standard.strip() for word, _, standard in parts}
        wrong = [word for word in words if meant.get(word) not in choices]
        if wrong:
            remedy = Phrase(
                "Correct it: each word, an equals sign and what it means, parted by commas."
            )
            raise impossible(self.look.path, key, answer, _not_possible(key), example, remedy)
        return {word: meant[word] for word in words}

    def _standard_words(self, column: str) -> dict[str, str]:
        inner = self.proposal.table("values").setdefault(column, {})
        assert isinstance(inner, dict), column  # noqa: S101 - made here
        return inner


def _not_possible(key: str) -> Phrase:
    return Phrase("The answer to %(key)s is not one of the possible answers.", key=key)
