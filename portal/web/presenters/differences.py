"""What one version of a pack says otherwise than another, and what that moves: published values,
labels, grades.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.packs.changed_numbers import NumberChange
from benchmarks.packs.changes import FieldChange
from benchmarks.packs.consequences import GradeMoves
from benchmarks.packs.provenance import NumberRole
from benchmarks.packs.public_effects import ValueMove
from benchmarks.routes import Pack
from portal.governance.effects import MovedPublication, PackDifference
from portal.web.addresses import DIFFERENCES, benchmark_url, number_url
from portal.web.presenters.methods import ROLES, about, table_of
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import MethodSection
from portal.web.words.figures import NONE
from portal.web.words.figures import number as in_figures
from portal.web.words.terms import Names, enumerated, in_page_language, period_name, unit_in_words


def differences(difference: PackDifference) -> tuple[MethodSection, ...]:
    """What differs, and which labels, grades and published values it moves."""
    if difference.before is None:
        return ()
    before, after = difference.before, difference.after
    old, new = (_("Version %(n)s") % {"n": pack.version} for pack in (before, after))
    numbers_table = table_of(
        _("Numbers"),
        (_("Number"), old, new, _("Unit"), _("What it changes")),
        tuple(_change(change, before, after) for change in difference.numbers),
        _("No number differs."),
    )
    fields = tuple(_field(change) for change in difference.fields)
    fields_table = table_of(
        _("Every field of the file"),
        (_("Where"), old, new),
        fields,
        _("No field of the file differs."),
    )
    effects = tuple(
        _effect(effect, publication)
        for publication in difference.publications
        for effect in publication.values
    )
    heads = (_("Published value"), _("Value"), _("Changes by"), _("Unit"), _("Cause"))
    effects_table = table_of(
        _("Published values"),
        heads,
        effects,
        _("No published value changes, as far as public figures show."),
    )
    note = _(
        "Calculated from public figures alone. If no limit can be given, only each plant knows "
        "the effect: “steplabel-agent pack "
        "diff” shows it for the plant’s own labels and sends nothing. What was published stays as "
        "it is."
    )
    columns = (_("Step"), _("What changes"), _("By how much"), _("Cause"))
    moves_table = table_of(
        _("Labels and grades"),
        columns,
        tuple(_moves(difference)),
        _("No label and no grade changes."),
    )
    return (
        MethodSection(_("What differs: numbers"), numbers_table, id=DIFFERENCES),
        MethodSection(_("What differs: the file"), fields_table),
        MethodSection(_("Whose labels and grades it changes"), moves_table),
        MethodSection(_("Which published values it changes"), effects_table, note),
    )


def _field(change: FieldChange) -> tuple[TableCell, ...]:
    more = _("and in %(n)s more places") % {"n": change.also} if change.also else ""
    return (
        TableCell(" › ".join(change.where), note=more),
        TableCell(change.before or NONE),
        TableCell(change.after or NONE),
    )


def _moves(difference: PackDifference) -> Iterator[tuple[TableCell, ...]]:
    """What follows from the two packs: labels by no known amount, grades between two annual
    means.
    """
    names, unknown = (
        Names.newest(difference.after.id),
        _("by how much is not known from the pack alone"),
    )
    together: dict[tuple[str, ...], list[str]] = {}
    for label in difference.labels_move:
        together.setdefault(label.because, []).append(names.step_name(label.step))
    for because, steps in together.items():
        yield (
            TableCell(enumerated(steps)),
            TableCell(_("labels")),
            TableCell(unknown),
            TableCell(enumerated(map(_carrier, because))),
        )
    for grade in difference.grades_move:
        facts = {"n": grade.level, "standard": grade.standard}
        what = (
            _("level %(n)s of %(standard)s") % facts
            if grade.level
            else _("the plants to which %(standard)s applies, or how it applies") % facts
        )
        yield (
            TableCell(names.step_name(grade.step)),
            TableCell(what),
            TableCell(_grade(grade)),
            TableCell(enumerated(grade.because) or grade.limit),
        )


def _carrier(because: str) -> str:
    """A carrier by its name; a field as the file has it."""
    return in_page_language(CARRIERS[because].words) if because in CARRIERS else because


def _grade(grade: GradeMoves) -> str:
    if not grade.level:
        return _("for which plants is not known from the pack alone")
    if grade.between is None:
        return _("the level is dropped") if grade.takes else _("the level is new")
    low, high = (f"{value:g}" for value in grade.between)
    facts = {"low": low, "high": high, "unit": unit_in_words(grade.unit)}
    if grade.takes:
        return (
            _(
                "annual means above %(low)s and up to %(high)s %(unit)s no longer meet it, before "
                "corrections"
            )
            % facts
        )
    return (
        _("annual means above %(low)s and up to %(high)s %(unit)s now meet it, before corrections")
        % facts
    )


def _change(change: NumberChange, before: Pack, after: Pack) -> tuple[TableCell, ...]:
    role, _colon, path = change.path.partition(": ")
    holder = after if change.after is not None else before
    has_page = packs.is_known(holder.id) and holder.version in {
        pack.version for pack in packs.versions(holder.id)
    }
    return (
        TableCell(
            path,
            note=" · ".join(filter(None, (str(ROLES[NumberRole(role)][0]), about(holder, path)))),
            url=number_url(holder.id, holder.version, role, path) if has_page else "",
        ),
        TableCell(change.before or NONE, num=True),
        TableCell(change.after or NONE, num=True),
        TableCell(NONE if change.unit in ("", "1") else unit_in_words(change.unit)),
        TableCell(str(ROLES[NumberRole(role)][1])),
    )


def _effect(effect: ValueMove, where: MovedPublication) -> tuple[TableCell, ...]:
    names = Names.of(where.pack, where.pack_version)
    what = names.step_name(effect.of.step) if effect.of.step else _("total of the route")
    note = _("%(title)s, %(period)s, version %(n)s") % {
        "title": names.title(where.route),
        "period": period_name(where.period),
        "n": where.version,
    }
    return (
        TableCell(what, note=note, url=benchmark_url(where, where.version)),
        TableCell(in_figures(effect.of.value), num=True),
        TableCell(_moves_by(effect), num=True),
        TableCell(where.units.get((effect.of.step, effect.of.metric), "")),
        TableCell(enumerated(effect.because)),
    )


def _moves_by(effect: ValueMove) -> str:
    if effect.least is None or effect.most is None:
        return _("only the plants know")
    low, high = (
        f"{'+' if value > 0 else ''}{in_figures(value)}" for value in (effect.least, effect.most)
    )
    return low if low == high else _("%(low)s to %(high)s") % {"low": low, "high": high}
