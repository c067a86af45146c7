"""The rules of meter adequacy: what was found of a meter for one step, and what to change, in words with figures.

Sources: GB 17167-2006 table 4 asks class 2.0 of gas and 2.5 of steam meters; IEC 62053-21 tests class 1 electricity meters
from 5 % of the basic current; a turndown of 10:1 for gas and steam flow meters is makers' practice (an engineering assumption), as are
the intervals between calibrations. The two limits on a batch and on a year are assumptions of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

from benchmarks.routes import Words
from reporting_agent.analysis.figures import shown
from reporting_agent.analysis.fitness import GRAVITY, Aspect, Issue, Measuring, Verdict
from reporting_agent.metering.record import MeterRecord
from reporting_agent.metering.uncertainty import resolution

MOST_OF_A_BATCH = 0.05  # of the label's value, expanded, through one carrier
MOST_OF_A_YEAR = 0.05
SATURATED = 0.001  # share of the known time at the range's end
FEWEST_COVERED = 0.9  # share of the time known
LEAST_COVERED = 0.5
LEAST_SPREAD = 1e-4  # between label and typical batch: below it all batches are one
LONGEST_SAMPLE = 0.05  # of a batch's length
COARSEST = 0.01  # smallest step over a batch's energy
CALIBRATION_MONTHS = {"electricity": 72}
CALIBRATION_MONTHS_OF_FLOW = 24
ROOM = 1.25  # of the highest load, for a new range
_DAYS_A_MONTH = 30.44


def issues(one: Measuring) -> tuple[Issue, ...]:
    """Everything that the meter lacks, worst first."""
    told = [
        *_range(one),
        *_class(one),
        *_resolution(one),
        *_sampling(one),
        *_coverage(one),
        *_state(one),
        *_calibration(one),
        *_undeclared(one),
    ]
    return tuple(sorted(told, key=lambda issue: -GRAVITY.index(issue.verdict)))


def worst(told: tuple[Issue, ...]) -> Verdict:
    return max((issue.verdict for issue in told), key=GRAVITY.index, default=Verdict.ADEQUATE)


def _range(one: Measuring) -> Iterator[Issue]:
    if one.load is None or one.meter.range is None:
        return
    top, load = one.meter.range[1], one.load
    if one.record.facts.at_range_share > SATURATED:
        share = one.record.facts.at_range_share
        better = _next_range(2 * top / ROOM)
        yield Issue(
            Aspect.SATURATION,
            Verdict.INADEQUATE if share > 0.02 else Verdict.YEAR_ONLY,
            Words(
                en=f"it stands at the end of its range, {shown(top)} {one.unit}, for {share:.1%} of the time: more flowed than it shows",
                zh=f"有 {share:.1%} 的时间停在量程上限 {shown(top)} {one.unit}：实际流量大于示值",
            ),
            Words(en=f"choose a range to {shown(better)} {one.unit} or more", zh=f"选用上限不低于 {shown(better)} {one.unit} 的量程"),
        )
    elif 0 < load.mean < one.low_load * top:
        better = _next_range(load.highest or load.mean)
        klass = one.meter.accuracy_class
        means = Words(en="its class is not held there", zh="在此负荷下不能保证其准确度等级")
        if klass is not None and one.meter.accuracy_of == "range":
            error = klass / 100 * top / load.mean
            means = Words(en=f"class {klass:g} of the range means {error:.0%} there", zh=f"量程的 {klass:g} 级在此处即 {error:.0%}")
        yield Issue(
            Aspect.RANGE,
            Verdict.YEAR_ONLY,
            Words(
                en=f"range 0 to {shown(top)} {one.unit}, the batches run at {shown(load.mean)}: {load.mean / top:.1%} of the range,"
                f" {means.en}",
                zh=f"量程 0 至 {shown(top)} {one.unit}，批次平均负荷 {shown(load.mean)}：仅为量程的 {load.mean / top:.1%}，{means.zh}",
            ),
            Words(en=f"choose 0 to {shown(better)} {one.unit}", zh=f"改用 0 至 {shown(better)} {one.unit}")
            if better < top
            else _smaller_turndown(one),
        )


def _smaller_turndown(one: Measuring) -> Words:
    """Where the peaks need the range that the usual load is too small for."""
    return Words(
        en="its peaks need this range: take a meter of larger turndown (thermal mass, ultrasonic), or a small one beside the large one",
        zh="峰值需要该量程：改用量程比更大的表计（热式、超声），或大小表并联",
    )


def _class(one: Measuring) -> Iterator[Issue]:
    if one.of_batch is None or one.own is None:
        return
    on_label, on_year = one.of_batch * one.share, (one.of_period or 0.0) * one.share
    reach = 0.5 * one.spread if one.spread and one.spread > LEAST_SPREAD else None
    own = one.own * one.share
    if on_year > MOST_OF_A_YEAR or on_label > MOST_OF_A_BATCH:
        verdict = Verdict.INADEQUATE if on_year > MOST_OF_A_YEAR else Verdict.YEAR_ONLY
        allowed = MOST_OF_A_YEAR if verdict is Verdict.INADEQUATE else MOST_OF_A_BATCH
        found = on_year if verdict is Verdict.INADEQUATE else on_label
        what = (
            Words(en="the period's energy", zh="全期能耗") if verdict is Verdict.INADEQUATE else Words(en="a batch's energy", zh="单批能耗")
        )
        yield Issue(
            Aspect.CLASS,
            verdict,
            Words(
                en=f"{what.en} may be wrong by {found:.1%} of the label through this meter, more than {allowed:.0%}",
                zh=f"该表可使{what.zh}产生相当于标签 {found:.1%} 的误差，超过 {allowed:.0%}",
            ),
            _better_class(one, allowed / one.share),
        )
    elif reach is not None and own > reach:
        yield Issue(
            Aspect.CLASS,
            Verdict.YEAR_ONLY,
            Words(
                en=f"its readings alone make batches differ by {own:.1%}, more than half of the {one.spread or 0:.1%} between the label"
                " and the typical batch: the label would be a lucky reading",
                zh=f"仅读数误差即可使批次相差 {own:.1%}，超过标签值与典型批次差距 {one.spread or 0:.1%} 的一半：标签值可能只是读数偶然偏低",
            ),
            Words(
                en="read it more often and in finer steps, so that a batch's edges fall upon readings",
                zh="提高采样频率和分辨率，使批次起止时刻落在读数上",
            ),
        )


def _better_class(one: Measuring, allowed: float) -> Words:
    """The class that would do, where a class can; else the readings are the matter."""
    if one.meter.computed:
        return Words(
            en="give it a meter of its own: a small difference of large meters carries the errors of both",
            zh="为其单独装表：两块大表之差带有两表的误差",
        )
    common = ((one.of_batch or 0.0) ** 2 - (one.own or 0.0) ** 2) ** 0.5 if (one.of_batch or 0.0) > (one.own or 0.0) else 0.0
    klass, load = one.meter.accuracy_class or 1.0, one.load
    if common > (one.own or 0.0):
        wanted = next(
            (offered for offered in (2.5, 2.0, 1.5, 1.0, 0.5, 0.2) if offered < klass and offered / klass * common <= allowed), None
        )
        if one.meter.accuracy_of == "range" and one.meter.range is not None and load is not None:
            better = _next_range(load.highest or load.mean)
            if better < one.meter.range[1] and better / one.meter.range[1] * common <= allowed:
                return Words(en=f"choose 0 to {shown(better)} {one.unit}", zh=f"改用 0 至 {shown(better)} {one.unit}")
        if wanted is not None:
            return Words(en=f"choose class {wanted:g}", zh=f"改用 {wanted:g} 级")
        return Words(en="take a meter whose class is of the reading, not of the range", zh="改用以示值误差定级的表计")
    return Words(
        en=f"read it at least every {shown(max(one.batch_s * LONGEST_SAMPLE, 1))} s, in steps of {shown(_fine(one))} {one.meter.unit}",
        zh=f"至少每 {shown(max(one.batch_s * LONGEST_SAMPLE, 1))} s 采样一次，分辨率 {shown(_fine(one))} {one.meter.unit}",
    )


def _resolution(one: Measuring) -> Iterator[Issue]:
    usual = one.load.mean * (one.record.facts.usual_step_s or 0.0) / 3600 if one.load is not None else 0.0
    quantum = resolution(one.meter, one.record.facts, usual)
    if quantum is None or one.meter.reading == "rate" or not one.batch_energy:
        return
    share = quantum * abs(one.record.per_reading) / one.batch_energy
    if share > COARSEST:
        yield Issue(
            Aspect.RESOLUTION,
            Verdict.YEAR_ONLY,
            Words(
                en=f"it counts in steps of {shown(quantum)} {one.meter.unit}, {share:.1%} of a batch's"
                f" {shown(one.batch_energy)} {one.record.unit}",
                zh=f"分辨率为 {shown(quantum)} {one.meter.unit}，占单批 {shown(one.batch_energy)} {one.record.unit} 的 {share:.1%}",
            ),
            Words(
                en=f"let it write steps of {shown(_fine(one))} {one.meter.unit} or finer",
                zh=f"使其以不大于 {shown(_fine(one))} {one.meter.unit} 的步长输出",
            ),
        )


def _fine(one: Measuring) -> float:
    """The coarsest step of 1, 2, 5 that is fine enough for a batch."""
    wanted = COARSEST * one.batch_energy / abs(one.record.per_reading or 1.0)
    if wanted <= 0:
        return 1.0
    power = 10.0 ** floor(log10(wanted))
    return max((step * power for step in (1, 2, 5) if step * power <= wanted), default=power)


def _sampling(one: Measuring) -> Iterator[Issue]:
    step_s = one.record.facts.usual_step_s
    if step_s is None or step_s <= LONGEST_SAMPLE * one.batch_s:
        return
    wanted = next((s for s in (3600, 900, 300, 60, 30, 10, 5, 1) if s <= LONGEST_SAMPLE * one.batch_s), 1)
    found = Words(
        en=f"a reading every {shown(step_s)} s, batches of {shown(one.batch_s)} s: the energy between two readings is split at a"
        " batch's edge by time alone",
        zh=f"每 {shown(step_s)} s 一个读数，批次长 {shown(one.batch_s)} s：批次边界处的能耗只能按时间分摊",
    )
    if step_s > one.longest_gap_s:
        found = Words(
            en=f"a reading every {shown(step_s)} s: the step's label carries no energy across more than {shown(one.longest_gap_s)} s",
            zh=f"每 {shown(step_s)} s 一个读数：该工序标签不跨 {shown(one.longest_gap_s)} s 以上的缺口推算能耗",
        )
    yield Issue(
        Aspect.SAMPLING,
        Verdict.YEAR_ONLY if step_s > one.batch_s / 4 or step_s > one.longest_gap_s else Verdict.ADEQUATE,
        found,
        Words(en=f"read it every {wanted} s", zh=f"每 {wanted} s 采样一次"),
    )


def _coverage(one: Measuring) -> Iterator[Issue]:
    share = covered(one.record)
    counts_on = one.meter.reading == "register" and one.record.unplaced != 0  # its sum is known across gaps
    if share < FEWEST_COVERED:
        yield Issue(
            Aspect.COVERAGE,
            Verdict.INADEQUATE if share < LEAST_COVERED and not counts_on else Verdict.YEAR_ONLY,
            Words(en=f"when its energy flowed is known for {share:.1%} of the period", zh=f"仅 {share:.1%} 的时间能耗已知"),
            Words(en="find out why its readings fail: logger, line, meter", zh="查明读数缺失的原因：记录仪、线路或表计"),
        )


def covered(record: MeterRecord) -> float:
    """The share of the time that the record tells of."""
    whole = record.known_s + record.missing_s
    return record.known_s / whole if whole else 0.0


def _state(one: Measuring) -> Iterator[Issue]:
    """Gas and steam whose temperature or pressure is a constant, or whose heat is a fixed figure."""
    meter = one.meter
    fixed = [name for name, value in (("temperature", meter.temperature_c), ("pressure", meter.pressure_kpa)) if value is not None]
    chinese = {"temperature": "温度", "pressure": "压力"}
    if fixed:
        if meter.steam is None:
            moves = "at normal pressure 10 kPa move a volume by 10 %, 3 K by 1 %"
            moves_zh = "常压下压力变化 10 kPa 使体积变化 10 %，温度变化 3 K 使体积变化 1 %"
        else:
            moves = "1 % of pressure moves a volume of steam by 1 %, 10 K move its heat by 1 %"
            moves_zh = "压力变化 1 % 使蒸汽体积变化 1 %，温度变化 10 K 使其热量变化 1 %"
        yield Issue(
            Aspect.STATE,
            Verdict.ADEQUATE if meter.steam is not None and meter.steam.state == "saturated" else Verdict.YEAR_ONLY,
            Words(
                en=f"its {' and '.join(fixed)} stand{'s' if len(fixed) == 1 else ''} as a constant; {moves}",
                zh=f"其{'和'.join(chinese[name] for name in fixed)}为常数；{moves_zh}",
            ),
            Words(
                en=f"read {' and '.join(fixed)} beside it (temperature_meter, pressure_meter)",
                zh=f"在旁加测{'和'.join(chinese[name] for name in fixed)}（temperature_meter、pressure_meter）",
            ),
        )
    elif meter.carrier == "steam" and meter.steam is None and meter.lhv is not None:
        yield Issue(
            Aspect.STATE,
            Verdict.YEAR_ONLY,
            Words(en=f"its steam counts with a fixed {meter.lhv:g} MJ/{meter.unit}", zh=f"其蒸汽按固定 {meter.lhv:g} MJ/{meter.unit} 计"),
            Words(en="read temperature and pressure beside it, and declare steam = { ... }", zh="加测温度和压力，并申报 steam = { ... }"),
        )


def _calibration(one: Measuring) -> Iterator[Issue]:
    meter = one.meter
    months = meter.calibration_months or CALIBRATION_MONTHS.get(meter.carrier, CALIBRATION_MONTHS_OF_FLOW)
    if meter.calibrated_on is None or meter.computed:
        return
    age = (one.ends - meter.calibrated_on).days / _DAYS_A_MONTH
    if age > months:
        yield Issue(
            Aspect.CALIBRATION,
            Verdict.ADEQUATE,
            Words(
                en=f"calibrated on {meter.calibrated_on}, {age:.0f} months before the end of the period; it holds for {months}",
                zh=f"检定日期 {meter.calibrated_on}，距期末 {age:.0f} 个月；检定周期为 {months} 个月",
            ),
            Words(en="have it calibrated; until then its class is not proven", zh="送检；此前其等级未经证实"),
        )


def _undeclared(one: Measuring) -> Iterator[Issue]:
    meter = one.meter
    if meter.accuracy_class is None and not meter.computed:
        yield Issue(
            Aspect.UNDECLARED,
            Verdict.UNDECLARED,
            Words(en="its accuracy class is not declared", zh="未申报准确度等级"),
            Words(en="copy accuracy_class (and range) from its plate to site.toml", zh="将铭牌上的等级（及量程）填入 site.toml"),
        )


def _next_range(highest: float) -> float:
    """The next of 1, 2, 5 times a power of ten above `ROOM` times the highest load."""
    wanted = ROOM * highest
    power = 10.0 ** floor(log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))
