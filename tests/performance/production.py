"""What an installation for production must keep to, in one run on PostgreSQL and Redis:
registering, claiming, opening, ending, taking in.

Every side that is compared meets the same machine in the same minutes: intake and the bare insert
are sent in turn while two workers open a backlog beside both; one and four opening processes take
turns, and so does arithmetic alone in one and four processes, which says what the machine had to
give. Where something is asked for in seconds, the reference is that number of seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import packs
from benchmarks.released import ReleasedReport
from benchmarks.wire import commitments, envelope
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.pack_conformity import policy_digest
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.signing import DeviceKey
from tests.performance import sample
from tests.performance.apart import peak_rss_mb
from tests.performance.intake import CONNECTIONS, _close_connections, _environment, _post_all
from tests.performance.measurement import Measurement
from tests.servers import nginx, postgres, redis

if TYPE_CHECKING:
    from portal.accounts.models import Device

SITES = 1_700
AT_ONCE = 60  # reports opened, requests sent, in one turn
TURNS = 3
REGISTERED = 10_000
CLAIMS = 60
MANY = 100_000
WORKERS = 4
SLOW_SENDERS = 1_000

OPENER = """
import sys
import django; django.setup()
from django.utils import timezone
from portal import keys
from portal.opening import unsealing
key = keys.processing_key()
print("ready", flush=True)
for line in sys.stdin:
    swept = unsealing.sweep(key, timezone.now)
    print(swept.accepted, swept.refused, flush=True)
"""
REPEATED = OPENER.replace(
    "swept = ", "while True: unsealing.sweep(key, timezone.now)\n    swept = "
)
"""Opens what comes until it is ended."""

BEHIND_NGINX = {"STEPLABEL_HOSTS": f"localhost,127.0.0.1,{nginx.NAME}"}

RECKONER = """
import sys, hashlib
print("ready", flush=True)
for line in sys.stdin:
    block = bytes(64)
    for _ in range(int(line)):
        block = hashlib.sha256(block).digest()
    print(1, 0, flush=True)
"""


def measure() -> Iterator[Measurement]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="steplabel-production-"))
        folder.chmod(0o755)  # the server's own user has to reach its cluster
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        servers = [stack.enter_context(kind.serve(folder)) for kind in (postgres, redis)]
        (folder / "var").mkdir()
        of_servers = {**servers[0].environment, **servers[1].environment}
        stack.enter_context(
            _environment({**of_servers, **BEHIND_NGINX, "STEPLABEL_VAR": str(folder / "var")})
        )
        os.environ["STEPLABEL_ROLE"] = "operator"
        stack.callback(_close_connections)
        sent = _set_up(folder)
        yield from _registering(folder)
        yield _claiming()
        waiting = _Waiting(sent)
        yield from _opening(stack, waiting)
        yield _ending(stack, folder, waiting)
        yield from _taking_in(stack, folder, waiting)


class _Waiting:
    """Sealed reports of as many sites, handed in only when they are asked for."""

    def __init__(self, envelopes: Sequence[bytes]) -> None:
        self._envelopes = iter(envelopes)

    def taken(self, count: int) -> list[bytes]:
        return [next(self._envelopes) for _ in range(count)]

    def hand_in(self, count: int) -> None:
        """Without the web: rows that wait for a worker."""
        from django.utils import timezone

        from portal import keys
        from portal.intake import receiving

        directory, key = keys.published_directory(), keys.receipt_key()
        for raw in self.taken(count):
            receiving.receive(raw, directory, key, timezone.now())


def _set_up(folder: Path) -> list[bytes]:
    """Tables, keys, sites with a device each and what they committed to; their sealed reports."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django.utils import timezone

    from portal import keys
    from portal.accounts.models import Device, Site
    from portal.intake import commitments as taking
    from portal.intake.models import Commitment
    from portal.key_ceremony import make_keys
    from portal.register.bringing import bring_to
    from portal.register.register_file import read
    from portal.translog import log
    from tests.integration.portal_cast import label_of

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("migrate", database="vault", verbosity=0)
    now = timezone.now()
    issued = make_keys(
        folder / "var" / "keys", now.date() - timedelta(days=1), now.date() + timedelta(days=365)
    )
    bring_to(read(_register_file(folder / "sites.toml", SITES, sample.PERIOD)), now)
    owners = {site: DeviceKey.generate() for site in Site.objects.order_by("pk")}
    Device.objects.bulk_create(
        Device(
            site=site, public_key=key.public.hex, seed_commitment=f"{site.pk:064x}", enrolled_at=now
        )
        for site, key in owners.items()
    )
    devices = {device.site_id: device for device in Device.objects.select_related("site")}
    pack, recipient = (
        packs.load("cement"),
        keys.published_directory().content.processing_key(now.date()),
    )
    labels = tuple(
        label_of(pack, step, rule.metric.value, 0)
        for step in pack.steps
        for rule in step.metrics
        if rule.released
    )
    assert issued.fingerprint
    sealed = []
    with transaction.atomic():
        for site, key in owners.items():
            device = devices[site.pk]
            row = _committed(taking.keep, log.lock(), device, key, now)
            released = ReleasedReport(site.slug, pack.id, pack.version, sample.PERIOD, 1, labels)
            report = Report(
                released,
                packs.digest(pack),
                policy_digest(pack.policy),
                bytes(32),
                bytes.fromhex(row.nonce),
                "steplabel-agent/test",
                salt=bytes(32),
            )
            header = Header(
                site.slug, sample.PERIOD, 1, recipient.key_id, str(device.pk), row.sequence
            )
            sealed.append(envelope.build(report, header, key, recipient))
    assert Commitment.objects.count() == SITES
    return sealed


def _committed(
    keep: Callable[..., Any], head: Any, device: Device, key: DeviceKey, now: Any
) -> Any:
    from portal import keys

    raw = commitments.commit(
        ReportCommitment(device.site.slug, sample.PERIOD, 1, bytes(32)), str(device.pk), key
    )
    return keep(head, raw, commitments.parse(raw), device, keys.receipt_key(), now, token_bytes)


def _register_file(file: Path, sites: int, period: str) -> Path:
    """Two sites an enterprise, an enterprise a firm, a person each; thirty provinces."""
    text = ['[[jurisdictions]]\npath = "cn"\nname = "China"\n']
    text += [f'[[jurisdictions]]\npath = "cn/p{n}"\nname = "Province {n}"\n' for n in range(30)]
    for n in range(sites // 2):
        text.append(f'[[firms]]\nname = "{file.stem} firm {n}"\n')
        text.append(
            f'[[organisations]]\nname = "{file.stem} {n}"\nkind = "enterprise"\nfirm = '
            f'"{file.stem} firm {n}"\n'
        )
        text.append(
            f'[[people]]\nemail = "p{n}@{file.stem}.example"\nname = "P"\nacts_for = '
            f'["{file.stem} {n}"]\n'
        )
    for n in range(sites):
        text.append(
            f'[[sites]]\nid = "{file.stem}-{n}"\nname = "S"\norganisation = "{file.stem} '
            f'{n // 2}"\n'
        )
        text.append(f'jurisdiction = "cn/p{n // 2 % 30}"\npack = "cement"\n')
    file.write_text(
        "\n".join(
            [
                *text,
                (
                    f'[[peer_groups]]\npack = "cement"\nscope = "cn"\nperiods = [{{ name = '
                    f'"{period}" '
                    f"}}]\n"
                ),
            ]
        ),
        "utf-8",
    )
    return file


def _registering(folder: Path) -> Iterator[Measurement]:
    file = _register_file(folder / "many.toml", REGISTERED, sample.PERIOD)
    for state, wanted_s in (("new", 127.0), ("unchanged", 10.0)):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "manage.py", "register", str(file)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        reference = "wanted" if state == "unchanged" else "row by row, before"
        yield _line(
            "register",
            f"{REGISTERED:,} {state} sites, with the command's start",
            time.perf_counter() - start,
            reference,
            wanted_s,
        )


def _claiming() -> Measurement:
    """The median of claims that stay: each leaves its row's old place in the index to the next.
    Both sides in turn, by one load.
    """
    seconds: dict[int, list[float]] = {100: [], MANY: []}
    for _turn in range(TURNS):
        for waiting, side_seconds in seconds.items():
            _fill(waiting)
            side_seconds += [_claim_s() for _ in range(CLAIMS)][10:]
            _empty()
    few, many = (median(side_seconds) for side_seconds in seconds.values())
    return _line(
        "claim",
        f"one of {MANY:,} waiting, median of {TURNS} times {CLAIMS}",
        many,
        "one of 100 waiting",
        few,
    )


def _claim_s() -> float:
    from django.utils import timezone

    from portal.opening import unsealing

    start = time.perf_counter()
    if unsealing.claim("performance", timezone.now()) is None:
        raise RuntimeError("nothing waits")
    return time.perf_counter() - start


def _fill(count: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_submission (digest, site_id, period, revision, device_id, key_id, "
            "envelope, size_bytes, receipt, log_index,"
            " received_at, state, reason_code, reason, attempts, covers, pack_version)"
            " SELECT lpad(n::text, 64, '0'), d.site_id, 'performance', n, d.id, 'performance', "
            "decode(repeat('ab', 5000), 'hex'), 5000, '',"
            " 1000000000 + n, now(), 'received', '', '', 0, '', '' FROM generate_series(1, %s) n,"
            " (SELECT * FROM accounts_device ORDER BY site_id LIMIT 1) d",
            [count],
        )
        cursor.execute("ANALYZE intake_submission")


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM intake_submission WHERE key_id = 'performance'")
        cursor.execute("VACUUM ANALYZE intake_submission")


def _opening(stack: ExitStack, waiting: _Waiting) -> Iterator[Measurement]:
    """The same number of reports by one process and by four, in turn; and arithmetic shared out in
    the same way.
    """
    openers, reckoners = (
        [_Process(stack, program) for _ in range(WORKERS)] for program in (OPENER, RECKONER)
    )
    seconds: dict[tuple[str, int], list[float]] = {}
    for turn in range(TURNS + 1):
        for count in (1, WORKERS):
            waiting.hand_in(AT_ONCE)
            opened = _timed(openers[:count], "go")
            if sum(accepted for accepted, _ in opened.answers) != AT_ONCE:
                raise RuntimeError(f"opened {opened.answers} instead of {AT_ONCE}")
            reckoned = _timed(reckoners[:count], str(1_600_000 // count))
            if turn:  # the first warms up
                seconds.setdefault(("opening", count), []).append(opened.seconds)
                seconds.setdefault(("arithmetic", count), []).append(reckoned.seconds)
    for what in ("opening", "arithmetic"):
        single, four = (median(seconds[what, count]) for count in (1, WORKERS))
        rates = (
            f", {AT_ONCE / single:.1f} and {AT_ONCE / four:.1f} a second"
            if what == "opening"
            else ""
        )
        yield _line(
            f"{what} by {WORKERS}",
            f"{single / four:.2f} times as quick as by one{rates}",
            four,
            "by one process",
            single,
        )


def _ending(stack: ExitStack, folder: Path, waiting: _Waiting) -> Measurement:
    """SIGTERM to a real worker at work, while reports wait."""
    from portal.intake.models import Submission, SubmissionState

    waits = Submission.objects.filter(state=SubmissionState.RECEIVED)
    waiting.hand_in(
        AT_ONCE * 10
    )  # more than a worker opens in ten seconds on the two cores that this is measured on
    environment = {**os.environ, "STEPLABEL_ROLE": "worker"}
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "portal.celery",
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "WARNING",
    ]
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        stack.callback(worker.kill)
        while waits.count() > AT_ONCE * 10 - 5:
            if worker.poll() is not None:
                raise RuntimeError((folder / "worker.log").read_text("utf-8"))
            time.sleep(0.1)
        start = time.perf_counter()
        worker.terminate()
        worker.wait(600)
        seconds = time.perf_counter() - start
    if not (left := waits.count()):
        raise RuntimeError("nothing waited any more: nothing was cut short")
    return _line(
        "a worker's end", f"SIGTERM at work, {left} reports still waiting", seconds, "wanted", 10.0
    )


def _slow_bodies(stack: ExitStack, folder: Path, address: str) -> Measurement:
    """How long another asker waits behind the sample proxy, without and beside senders who stop
    after a body's first byte.
    """
    from tests.functional.installation.test_web_killed import percentile_99, slow_senders

    own = folder / "nginx"
    own.mkdir()
    proxy = stack.enter_context(nginx.serve(own, int(address.rpartition(":")[2])))
    before = median(percentile_99(proxy) for _ in range(TURNS))
    with slow_senders(proxy, SLOW_SENDERS):
        during = median(percentile_99(proxy) for _ in range(TURNS))
    return _line(
        "slow bodies",
        f"p99 of 200 requests beside {SLOW_SENDERS:,} slow senders, through nginx",
        during,
        "without them",
        before,
    )


def _taking_in(stack: ExitStack, folder: Path, waiting: _Waiting) -> Iterator[Measurement]:
    from portal.demo.processes import web_server
    from portal.intake.models import Submission

    os.environ["STEPLABEL_ROLE"] = "web"
    address = stack.enter_context(web_server(folder / "var"))
    yield _slow_bodies(stack, folder, address)
    pool = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
    for beside in (0, 2):
        workers = [_Process(stack, REPEATED) for _ in range(beside)]
        if beside:
            waiting.hand_in(AT_ONCE * 4)
        for worker in workers:
            worker.ask("go")
        seconds: dict[str, list[float]] = {"ours": [], "bare": []}
        for turn in range(TURNS + 1):
            bodies = waiting.taken(AT_ONCE // 2)
            for side, path, body in (
                ("ours", "/api/v1/submissions/", bodies),
                ("bare", "/bare/", [token_bytes(len(bodies[0])) for _ in bodies]),
            ):
                start = time.perf_counter()
                _post_all(pool, address, path, body)
                if turn:
                    seconds[side].append(time.perf_counter() - start)
        left = Submission.objects.filter(state="received").count()
        if beside and not left:
            raise RuntimeError("the workers had nothing left to open: nothing stood beside intake")
        for worker in workers:
            worker.end()
        ours, bare = median(seconds["ours"]), median(seconds["bare"])
        per_s = AT_ONCE // 2
        size = (
            f"{per_s} requests, {CONNECTIONS} at once, {per_s / ours:.0f} and {per_s / bare:.0f} "
            "a second"
        )
        yield _line(
            f"intake beside {beside} workers",
            size,
            ours,
            "bare DRF insert, PostgreSQL, beside them",
            bare,
        )


class _Process:
    """A program that answers each line with how many it accepted and refused."""

    def __init__(self, stack: ExitStack, program: str) -> None:
        environment = {**os.environ, "STEPLABEL_ROLE": "worker"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        stack.callback(self.end)
        self.answer()

    def ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class _Timed:
    def __init__(self, seconds: float, answers: list[tuple[int, int]]) -> None:
        self.seconds = seconds
        self.answers = answers


def _timed(processes: Sequence[_Process], line: str) -> _Timed:
    start = time.perf_counter()
    for process in processes:
        process.ask(line)
    answers = [process.answer().split() for process in processes]
    return _Timed(
        time.perf_counter() - start, [(int(first), int(second)) for first, second in answers]
    )


def _line(name: str, size: str, ours_s: float, reference: str, reference_s: float) -> Measurement:
    return {
        "name": name,
        "ours_s": ours_s,
        "reference": reference,
        "reference_s": reference_s,
        "ratio": ours_s / reference_s,
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "size": size,
    }
