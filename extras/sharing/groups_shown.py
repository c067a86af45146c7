"""Parks and groups: the list, one group for who runs it, and the consent of a firm."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.disclosure.member_counts import STEP
from extras.sharing.forms import KINDS
from extras.sharing.group_counts import GRADE, GroupCounts, ShownMember
from extras.sharing.labels import LabelRow
from extras.sharing.models import GroupKind, GroupMember, SiteGroup
from portal.accounts.models import Site
from portal.web.presenters.methods import table_of
from portal.web.viewmodels.listed import ListTable, TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, Mood, StateWord
from portal.web.words.figures import NONE, between, label_decimals, number
from portal.web.words.headings import REPORTING_FIRM
from portal.web.words.terms import (
    Names,
    dated,
    enumerated,
    metric_name,
    moment_in_words,
    over_years,
    period_name,
    sentence_space,
    shown_name,
    state,
    unit_in_words,
    with_variant,
)

State = GroupMember.State
STATES: dict[str, tuple[Promise, Mood]] = {
    State.INVITED: (gettext_lazy("Invited, no answer yet"), "wait"),
    State.JOINED: (gettext_lazy("Member"), "ok"),
    State.DECLINED: (gettext_lazy("Declined"), "no"),
    State.LEFT: (gettext_lazy("Left"), "no"),
    State.REMOVED: (gettext_lazy("Removed"), "no"),
}
COLUMNS = (
    *("site", REPORTING_FIRM, "period", "step", "product", "variant", "metric", "boundary", "unit"),
    *("best", "low", "high", "typical", "years", "attested_by", "attested_until", "report_sha256"),
)


def groups_page(
    run: Sequence[SiteGroup], joined: Sequence[GroupMember], *, may_make: bool, has_sites: bool
) -> MethodSheet:
    """`has_sites`: the reader acts for a firm; others have none that a group could invite."""
    links = (Link(_("Make a group"), reverse("web:new-site-group")),) if may_make else ()
    if not run and not joined:
        nothing = (
            _("You run no group. Make one for a park or a chain.")
            if may_make
            else _("You run no group.")
        )
        if has_sites:
            nothing += sentence_space() + _("No group has invited your sites.")
        return MethodSheet(_("Parks and groups"), (), nothing, links=links)
    waits = sum(row.state == State.INVITED for row in joined)
    lead = _("Groups that you run: %(run)s.") % {"run": len(run)}
    if has_sites:
        counts = {"joined": len(joined) - waits, "waits": waits}
        lead += (
            sentence_space()
            + _(
                "Memberships of your sites: %(joined)s. Invitations that wait for an answer: "
                "%(waits)s."
            )
            % counts
        )
    ran = tuple(
        (
            TableCell(_name(group), url=reverse("web:site-group", args=[group.pk])),
            TableCell(_kind(group)),
            TableCell("", state=_group_state(group)),
        )
        for group in run
    )
    mine = tuple(
        (
            TableCell(
                _name(row.group),
                note=_by(row.group),
                url=reverse("web:join-group", args=[row.group_id, row.slug]),
            ),
            TableCell(row.slug),
            TableCell("", state=state(STATES, row.state)),
        )
        for row in joined
    )
    run_section = MethodSection(
        _("Groups that you run"),
        table_of(
            _("Groups"),
            (_("Group"), _("Kind"), _("State")),
            ran,
            _("You run no group. Make one for a park or a chain."),
        ),
    )
    own_section = MethodSection(
        _("Your sites in groups"),
        table_of(
            _("Memberships and invitations"),
            (_("Group"), _("Site"), _("State")),
            mine,
            _("No group has invited your sites."),
        ),
    )
    sections = (run_section, own_section) if has_sites else (run_section,)
    return MethodSheet(_("Parks and groups"), (), lead, sections=sections, links=links)


def new_group_page() -> FormSheet:
    lead = _(
        "A group shows its runner only what each member agrees to show. Members join by "
        "themselves and leave at any time."
    )
    return FormSheet(MethodSheet(_("Make a group"), crumbs(), lead), button=_("Make it"))


def group_page(group: SiteGroup, view: GroupCounts, *, runs: bool) -> FormSheet:
    facts = (
        Fact(_("Kind"), _kind(group)),
        Fact(_("Run by"), shown_name(group.run_by.name)),
        Fact(_("Made"), moment_in_words(group.made_at)),
    )
    counts = {"joined": view.joined, "shown": len(view.shown)}
    lead = (
        _("Sites that have joined: %(joined)s. Of these, sites that show labels: %(shown)s.")
        % counts
    )
    open_ = group.ended_at is None
    ended = sentence_space() + _("The group has ended.") if not open_ else ""
    sections = (
        [MethodSection(_("Attested labels by step"), _counts(view), _about_counts(view))]
        if open_
        else []
    )
    if view.shown and open_:
        sections.append(
            MethodSection(_("Labels that members show"), _labels(view), _about_labels())
        )
    sections.append(MethodSection(_("Sites"), _members(group, view, runs=runs and open_)))
    links = (
        (Link(_("These labels, CSV"), reverse("web:site-group-csv", args=[group.pk])),)
        if view.shown and open_
        else ()
    )
    may = runs and open_
    return FormSheet(
        MethodSheet(_name(group), crumbs(), lead + ended, facts, tuple(sections), links),
        state=_group_state(group),
        act_url=reverse("web:count-site-group", args=[group.pk]) if may and view.counted else "",
        act_text=_("Count the members again"),
        end_url=reverse("web:end-site-group", args=[group.pk]) if may else "",
        end_text=_("End this group"),
        form_title=_("Invite sites"),
        button=_("Invite them"),
    )


def consent_page(row: GroupMember, site: Site, *, reported: bool, manages: bool) -> FormSheet:
    """What a firm agrees to, before it does; for who only reads, what it agreed to."""
    group = row.group
    parties = {"runner": shown_name(group.run_by.name), "site": shown_name(site.name)}
    lead = _("%(runner)s invites %(site)s to this group.") % parties
    if row.state == State.JOINED:
        lead = _("%(site)s is a member of this group.") % parties
    facts: tuple[Fact, ...] = (
        Fact(_("Kind"), _kind(group)),
        Fact(_("Run by"), str(parties["runner"])),
        Fact(
            _("What members agree to"),
            _("The runner reads that the site is a member. It counts, per step, how many members "
              "have an attested label, "
              "and shows the count only among enough firms that no single firm can be worked out."),
        ),
        Fact(
            _("What you may show besides"),
            _("Labels after noise of your newest accepted report, with their intervals, and who "
              "attested them. Only the runner reads them. "
              "Other members do not."),
        ),
        Fact(_("How long"), _("Until your firm leaves the group or the group ends. What the "
                              "runner has read or saved stays with it.")),
    )  # fmt: skip
    if not manages:
        facts = (*facts, *_agreed(row, site))
    note = _("The site has no accepted report yet. It can join now and choose labels later.")
    if reported:
        note = _("Tick none to be counted only.")
    return FormSheet(
        MethodSheet(_name(group), crumbs(), lead, facts),
        state=state(STATES, row.state),
        end_url=reverse("web:leave-group", args=[group.pk, row.slug]) if manages else "",
        end_text=_("Leave the group") if row.state == State.JOINED else _("Decline the invitation"),
        form_title=_("What your firm shows"),
        form_note=note,
        button=_("Save") if row.state == State.JOINED else _("Agree and join"),
        why_not=""
        if manages
        else _("You only read here. Who manages your firm decides about this."),
    )


def _agreed(row: GroupMember, site: Site) -> tuple[Fact, ...]:
    if row.state != State.JOINED:
        return ()
    names = Names.newest(site.pack)
    return (
        Fact(
            _("What your firm shows"),
            enumerated(names.step_name(step) for step in row.steps)
            or _("Nothing: it is counted only."),
        ),
    )


def labels_table(view: GroupCounts) -> list[tuple[object, ...]]:
    """The labels that members show, a row each."""
    return [
        (
            *(
                member.slug,
                member.labels.firm,
                member.labels.period,
                label.step,
                label.product,
                label.variant,
                label.metric,
                label.boundary,
                label.unit,
            ),
            *(label.best, label.low, label.high, label.typical, label.years),
            *_attested_cells(member, label.step),
            member.labels.digest,
        )
        for member in view.shown
        for label in member.labels.rows
    ]


def crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Parks and groups"), reverse("web:site-groups")),)


def thing_name(thing: str) -> str:
    """A step as `sector/step`, or the grade, in words."""
    if thing == GRADE:
        return _("Grade, confirmed by an officer")
    pack, _slash, step = thing.partition("/")
    names = Names.newest(pack)
    return _("%(sector)s: %(step)s") % {"sector": names.sector, "step": names.step_name(step)}


def _counts(view: GroupCounts) -> ListTable:
    """Attested labels by step: of members that show theirs, each counted; of the others, as the
    gate lets it be told.
    """
    by_step = {
        thing: sum(thing in _attested_things(member) for member in view.shown)
        for thing in _things(view)
    }
    rows = tuple(
        (
            TableCell(thing_name(thing)),
            TableCell(_("%(n)s of %(all)s") % {"n": shown, "all": len(view.shown)}),
            TableCell(_at_least(view, thing)),
        )
        for thing, shown in by_step.items()
    )
    nothing = (
        _("No member has an accepted report yet.") if view.joined else _("Nobody has joined yet.")
    )
    heads = (
        _("Step"),
        _("Attested, of the members that show labels"),
        _("Attested, of the firms that are only counted"),
    )
    return table_of(_("Members with an attested label"), heads, rows, nothing)


def _things(view: GroupCounts) -> list[str]:
    reported = {
        f"{member.labels.pack}/{label.step}"
        for member in view.shown
        for label in member.labels.rows
    }
    return sorted(
        {
            *(view.counts or ()),
            *reported,
            *((GRADE,) if any(member.grade for member in view.shown) else ()),
        }
    )


def _attested_things(member: ShownMember) -> set[str]:
    return {f"{member.labels.pack}/{step}" for step in member.attested} | (
        {GRADE} if member.grade else set()
    )


def _at_least(view: GroupCounts, thing: str) -> str:
    if view.counts is None:
        return NONE
    reached = view.counts.get(thing, 0)
    return (
        _("at least %(n)s firms") % {"n": reached}
        if reached
        else _("fewer than %(n)s firms") % {"n": STEP}
    )


def _about_counts(view: GroupCounts) -> str:
    if view.told_at is not None:
        facts = {"moment": moment_in_words(view.told_at), "n": STEP}
        return (
            _(
                "Counted on %(moment)s, in steps of %(n)s firms. The portal counts again only "
                "after enough firms have changed, so "
                "that no count tells of a single firm."
            )
            % facts
        )
    return _(
        "Firms that show nothing are counted from %(fewest)s firms on; there are %(counted)s."
    ) % {
        "fewest": view.fewest,
        "counted": view.counted,
    }


def _about_labels() -> str:
    return _(
        "Labels after noise, as the plants released them. The interval contains the true best in "
        "95 of 100 cases."
    )


def _labels(view: GroupCounts) -> ListTable:
    heads = (
        _("Site"),
        _("Step"),
        _("Metric"),
        _("Best"),
        _("95 % interval"),
        _("Typical"),
        _("Attested"),
    )
    rows = tuple(_label(member, label) for member in view.shown for label in member.labels.rows)
    return table_of(_("Labels"), heads, rows, "")


def _label(member: ShownMember, label: LabelRow) -> tuple[TableCell, ...]:
    names = Names.newest(member.labels.pack)
    decimals = label_decimals(label.best, label.typical)
    step = over_years(
        with_variant(names.step_name(label.step), names.variant_name(label.step, label.variant)),
        label.years,
    )
    return (
        TableCell(shown_name(member.labels.site_name), note=period_name(member.labels.period)),
        TableCell(step),
        TableCell(metric_name(label.metric)),
        TableCell(f"{number(label.best, decimals)} {unit_in_words(label.unit)}"),
        TableCell(between(label.low, label.high, decimals) or NONE),
        TableCell(f"{number(label.typical, decimals)} {unit_in_words(label.unit)}"),
        _attested(member, label.step),
    )


def _attested(member: ShownMember, step: str) -> TableCell:
    if step not in member.attested:
        return TableCell("", state=StateWord(_("Not attested"), "wait"))
    body, until = member.attested[step]
    attestation = {"body": shown_name(body), "day": dated(until.isoformat())}
    return TableCell(_("by %(body)s, valid until %(day)s") % attestation)


def _attested_cells(member: ShownMember, step: str) -> tuple[str, str]:
    attestation = member.attested.get(step)
    return (attestation[0], attestation[1].isoformat()) if attestation else ("", "")


def _members(group: SiteGroup, view: GroupCounts, *, runs: bool) -> ListTable:
    heads = (_("Site"), _("State"), _("What it shows"), *((_("Action"),) if runs else ()))
    rows = tuple(
        (*_member(row), *((_removal(group, row),) if runs else ())) for row in view.members
    )
    return table_of(
        _("Sites that were invited"),
        heads,
        rows,
        _("No site is invited yet. Invite the first below."),
    )


def _member(row: GroupMember) -> tuple[TableCell, ...]:
    joined = row.state == State.JOINED and row.site is not None
    name = shown_name(row.site.name) if joined and row.site is not None else row.slug
    shows = NONE
    if joined and row.site is not None:
        names = Names.newest(row.site.pack)
        shows = (
            enumerated(names.step_name(step) for step in row.steps)
            if row.steps
            else _("counted only")
        )
    return (
        TableCell(name, note=row.slug if joined else ""),
        TableCell("", state=state(STATES, row.state)),
        TableCell(shows),
    )


def _removal(group: SiteGroup, row: GroupMember) -> TableCell:
    if row.state not in (State.INVITED, State.JOINED):
        return TableCell(NONE)
    return TableCell(
        _("Remove"), url=reverse("web:remove-from-group", args=[group.pk, row.slug]), about=row.slug
    )


def _group_state(group: SiteGroup) -> StateWord:
    return StateWord(_("Open"), "ok") if group.ended_at is None else StateWord(_("Ended"), "hidden")


def _kind(group: SiteGroup) -> str:
    return str(KINDS[GroupKind(group.kind)])


def _name(group: SiteGroup) -> str:
    return shown_name(group.name)


def _by(group: SiteGroup) -> str:
    return _("run by %(runner)s") % {"runner": shown_name(group.run_by.name)}
