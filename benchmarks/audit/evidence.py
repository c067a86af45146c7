"""What an auditor holds: the opening, the public record, what meters counted on drawn days and
where it went; and what a check says of it.

Energies are in the meter's unit, hours are hours of known readings. The parts of a balance add up
to its total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum

from benchmarks.audit.committed_tree import Contents
from benchmarks.audit.openings import Opening
from benchmarks.audit.records import MeterDay
from benchmarks.audit.sample_file import KIND_OF, CheckKind, ProvenEntry
from benchmarks.audit.sampling_plan import DrawnPosition
from benchmarks.audit.signed_draws import Draw, Head, Promise
from benchmarks.declared import Words, worded
from benchmarks.errors import SteplabelError
from benchmarks.labels.step import Context
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.phrases import Phrase
from benchmarks.privacy.randomness import ReportKey
from benchmarks.routes import Pack
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import Report


class StretchQuestion(StrEnum):
    """What is questioned."""

    NO_BATCH = "no-batch"  # power as in production, and no batch was committed to
    NO_RECORD = "no-record"  # a row of the plant's own table of which no record was committed to
    EDGE = "edge"  # power as in production before a batch begins or after it ends
    STANDING_STATE = "standing-state"  # a row says that the line waited, its power that it produced
    # rows without output beside a batch say something else, their power that it produced
    FILLER = "filler"
    # the same beside rows with wrong times, of which the line has too many to be believed
    WRONG_TIMES = "wrong-times"
    # a filler that is a start-up after a standstill: readings cannot tell it from a batch's
    # beginning
    START_UP = "start-up"


@dataclass(frozen=True, slots=True)
class QuestionedStretch:
    """A stretch of time whose energy needs an explanation; `batch` is the one beside it, or of
    which it is, where there is one.
    """

    why: StretchQuestion
    meter: str
    start_us: int
    end_us: int
    energy: float
    unit: str
    batch: str = ""


@dataclass(frozen=True, slots=True)
class AccountedMeter:
    """One meter over its drawn days.

    Args:
        used, excluded: in batches that a label counts, and in those that none counts. standing:
        outside every batch, at no more than the standing level or too short to be judged.
        explained: outside every batch, beside a committed batch whose times the log has wrong.
        unusable: in no batch that a label counts, in time that the plant declared unusable or in
        batches left out for it; not judged. unexplained: outside every batch, above the standing
        level; what is questioned is part of it. standing_level, production_level: unit an hour, as
        these readings show them; None where too few batches ran. unknown_h: hours of which no
        reading tells.
    """

    meter: str
    step: str
    unit: str
    days: int
    used: float
    excluded: float
    standing: float
    explained: float
    unusable: float
    unexplained: float
    unknown_h: float
    standing_level: float | None
    production_level: float | None

    @property
    def total(self) -> float:
        return (
            self.used
            + self.excluded
            + self.standing
            + self.explained
            + self.unusable
            + self.unexplained
        )


@dataclass(frozen=True, slots=True)
class Accounted:
    """Everything that was judged: a balance for each meter of a drawn day, what is questioned, and
    how many edges of batches were seen.
    """

    balances: tuple[AccountedMeter, ...]
    questioned: tuple[QuestionedStretch, ...]
    edges: int

    def of(self, *reasons: StretchQuestion) -> tuple[QuestionedStretch, ...]:
        return tuple(stretch for stretch in self.questioned if stretch.why in reasons)


@dataclass(frozen=True, slots=True)
class WeighedBatch:
    """One opened batch against the records of its scale, both in the step's unit of output."""

    leaf: int
    output: float
    weighed: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.output - self.weighed) <= self.tolerance


@dataclass(frozen=True, slots=True)
class WeighedBatches:
    """Opened batches against scale records, and by step how many opened batches no scale record
    tells of.
    """

    batches: tuple[WeighedBatch, ...]
    without: Mapping[str, int]

    @property
    def resolution(self) -> float:
        """The largest tolerance, as a share of what was made or weighed."""
        return max(
            (
                batch.tolerance / most
                for batch in self.batches
                if (most := max(batch.output, batch.weighed)) > 0
            ),
            default=0.0,
        )


MOST_NAMED = 20

TAKE_THE_FILE = Phrase(
    "Download the sample's evidence file from the portal's page, and give it with the fingerprint "
    "of the portal's key directory."
)


class CheckState(StrEnum):
    HELD = "held"
    FAILED = "failed"
    NOT_CHECKABLE = "not-checkable"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check found, in the languages people read it in.

    `places` are the first that it is about; `count` is how many there are. `asked` is False where
    the check was not asked for, and so could not be made: it then says what the others do not show.
    """

    code: str
    state: CheckState
    words: Words
    to_do: Words | None = None
    places: tuple[Words, ...] = ()
    count: int = 0
    asked: bool = True

    @property
    def kind(self) -> CheckKind:
        return KIND_OF[self.code]

    @property
    def sentence(self) -> str:
        return self.words.en

    @property
    def remedy(self) -> str:
        return "" if self.to_do is None else self.to_do.en

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(place.en for place in self.places)


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """What the auditor has from elsewhere than the plant; None where it was not given.

    `keys_known` says whether challenge and head were verified with the portal's keys, or only read.
    `inclusion` is the portal's proof that the commitment is in the log of the draw's head;
    `entries` those of the sealed report and of its values. `receipt` is one whose signature was
    verified; `challenge` the one that the portal gave, by itself. `relogged` is the commitment's
    entry since the log was restarted: the coordinator signed that the one which the challenge names
    was lost.
    """

    commitment: ReportCommitment | None = None
    promise: Promise | None = None
    keys_known: bool = False
    head: Head | None = None
    inclusion: tuple[bytes, ...] | None = None
    receipt: Receipt | None = None
    entries: Mapping[EntryKind, ProvenEntry] = field(default_factory=dict)
    challenge: Challenge | None = None
    relogged: ProvenEntry | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """An opening with all that it is held against.

    Args:
        batches: the opened records that are batches, by leaf.
        days: the opened records that are days of meters, by leaf.
        shown: the days that the extract's readings make, by meter and beginning.
        of_runs: whether the records are runs cut from a log, whose accounts name product and
            variant.
        unbounded: steps of which settings and opened records show that one record could change any
            number of others.
        by_batch: whether the site commits to no reading of any meter and shows none: its energy is
            given by batch.
        settings_digest: of the settings that the opening shows.
        recomputed: the records that the extract gives under the key of a batch.
        accounted: what the meters counted on the drawn days; None where no meter tells it of one
            step.
        weighings: outputs against scale records; None where the site commits to none.
        given: by step and batch id the energy that the plant's own rows give, also of carriers that
            a meter counts besides.
        context: what values of batches follow from: factors, period, declarations of the site.
    """

    draw: Draw
    opening: Opening
    contents: Contents
    drawn: tuple[DrawnPosition, ...]
    pack: Pack
    public: PublicRecord
    challenge: Challenge
    report: Report
    batches: Mapping[int, Batch]
    days: Mapping[int, MeterDay]
    shown: Mapping[tuple[str, int], MeterDay]
    by_batch: bool
    unbounded: Set[str]
    settings_digest: bytes
    recomputed: Callable[[Batch], Counter[bytes]]
    accounted: Accounted | None
    weighings: WeighedBatches | None
    given: Mapping[tuple[str, str], tuple[CarrierEnergy, ...]]
    context: Context
    of_runs: bool = False

    @property
    def key(self) -> ReportKey:
        """The key that was opened, of this report and of the seed that the site enrolled with."""
        of = self.contents
        enrolled = self.challenge.seed_commitment
        return ReportKey(of.site, of.period, of.revision, enrolled, self.opening.key)

    @property
    def committed_at(self) -> int:
        """The commitment's entry in the log: the one that the challenge names, or its entry since
        the log was restarted.
        """
        return (
            self.challenge.log_index if self.public.relogged is None else self.public.relogged.index
        )


Check = Callable[[Evidence], CheckOutcome]


def check_held(code: str, sentence: Words | Phrase, count: int = 0) -> CheckOutcome:
    return CheckOutcome(code, CheckState.HELD, Words.of(sentence), count=count)


def not_checkable(
    code: str, why: Words | Phrase, to_do: Words | Phrase | None = None
) -> CheckOutcome:
    return CheckOutcome(
        code, CheckState.NOT_CHECKABLE, Words.of(why), None if to_do is None else Words.of(to_do)
    )


def not_asked(code: str, why: Words | Phrase, to_do: Words | Phrase) -> CheckOutcome:
    return replace(not_checkable(code, why, to_do), asked=False)


def of_no_readings(code: str) -> CheckOutcome:
    """A check that needs readings, of a site that has none."""
    return not_asked(
        code,
        Phrase(
            "The site has no readings: energy is given by batch, and relies only on the plant's "
            "own rows."
        ),
        Phrase(
            "Check these rows in the plant's systems on site, and compare their sum with bills "
            "(`steplabel-agent reconcile`)."
        ),
    )


def failed(
    code: str,
    sentence: Words | Phrase,
    to_do: Words | Phrase,
    places: Iterable[Words | Phrase] = (),
) -> CheckOutcome:
    listed = tuple(map(Words.of, places))
    return CheckOutcome(
        code,
        CheckState.FAILED,
        Words.of(sentence),
        Words.of(to_do),
        listed[:MOST_NAMED],
        len(listed),
    )


def refused(code: str, refusal: SteplabelError) -> CheckOutcome:
    """A check that failed because what it read was refused."""
    return failed(code, refusal.sentence, refusal.remedy)


def named(index: int, batch: Batch) -> Words:
    """A record, so that the plant finds it."""
    what = f"{batch.step} {batch.batch_id}, {batch.start:%Y-%m-%d %H:%M} UTC"
    return worded("leaf %(index)s: %(what)s", index=index, what=what)


def same(text: str) -> Words:
    """A name that is the same in every language: of a meter, a label, a file."""
    return Words.of(text)
