"""What `bin/demo` runs: simulated plants, the real agent on each, a real worker, a published
benchmark; then it serves the portal.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from benchmarks import packs
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase
from portal import extras, key_ceremony
from portal.operator_command import OperatorCommand, refused
from portal.sentences import in_words

INSIDE = "STEPLABEL_DEMO"
"""Set in the process that is the demo: its settings already name a folder of its own."""

OPENING_S = 120
_STANDINGS = {Phrase("Our plant"): "our-plant/"}
KEYS_GOOD_FOR = timedelta(days=730)
INTERRUPTED = 130  # what a shell reports for Ctrl-C
ENDINGS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
)  # the last where a terminal is closed: web and worker are in sessions of their own


class Command(OperatorCommand):
    help = Phrase(
        "The whole system on one machine: simulated plants, real agents, real HTTP, a published "
        "benchmark; then it serves the portal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sector",
            default="cement",
            choices=packs.shipped(),
            help=Phrase("which pack's plants (default: cement)"),
        )
        parser.add_argument(
            "--enterprises",
            type=int,
            default=26,
            metavar="N",
            help=Phrase("how many plants, one a firm (default: 26)"),
        )
        parser.add_argument(
            "--seed", type=int, default=1, help=Phrase("of the simulated plants (default: 1)")
        )
        parser.add_argument(
            "--once",
            action="store_true",
            help=Phrase("print the result as JSON on the last line and end, instead of serving"),
        )
        parser.add_argument(
            "--lively",
            action="store_true",
            help=Phrase("three sectors and years, what is late, waits and was withdrawn as well"),
        )
        parser.add_argument(
            "--keep",
            action="store_true",
            help=Phrase("keep the demo's folder afterwards, and say where it is"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["enterprises"] < 1:
            raise refused(Phrase("--enterprises must be at least 1."))
        if INSIDE not in os.environ:
            raise SystemExit(_in_a_folder_of_its_own(options["keep"]))
        for ending in ENDINGS:  # said aloud: a shell's background job inherits a deaf SIGINT
            if (
                ending is not signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN
            ):  # nohup means that it goes on
                signal.signal(ending, _end)
        try:
            Demo(
                options["sector"],
                options["enterprises"],
                options["seed"],
                Path(os.environ["STEPLABEL_VAR"]),
            ).run(options["once"], lively=options["lively"])
        except KeyboardInterrupt:
            say("")
            say(Phrase("Interrupted; everything that was started has been stopped."))
            raise SystemExit(INTERRUPTED) from None


def _in_a_folder_of_its_own(keep: bool) -> int:
    """Run the same command again with its databases, keys and logs in a new folder, and take the
    folder away after it.
    """
    folder = Path(tempfile.mkdtemp(prefix="steplabel-demo-"))
    environment = {
        **os.environ,
        INSIDE: "1",
        "STEPLABEL_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
    }
    environment.setdefault("STEPLABEL_CONTACT", "operator@example.org")
    # every plant reports from one address, so what one address may send in a minute is what a whole
    # sector may
    environment["STEPLABEL_RATE_FACTOR"] = "200"
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        # the agent starts twice a plant: what Python compiles for it is kept, in this folder, which
        # leaves nothing behind either
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    process = subprocess.Popen([sys.executable, *sys.argv], env=environment)  # noqa: S603 - this very command
    # whoever ends this process means the demo: it tidies up inside, then this process takes its
    # folder away
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: process.terminate())
    try:
        return _outlive(process)
    finally:
        if keep:
            say(Phrase("Kept: %(folder)s", folder=folder))
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _end(_signal: int, _frame: object) -> None:
    """Once: what was started is stopped whatever comes meanwhile, for a terminal that is closed
    says so more than once.
    """
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def _outlive(process: subprocess.Popen[bytes]) -> int:
    while True:
        with suppress(
            KeyboardInterrupt
        ):  # Ctrl-C reaches both processes; this one waits until that one has tidied up
            return process.wait()


class Demo:
    """One run: every stage timed, every figure from the system itself."""

    def __init__(self, sector: str, enterprises: int, seed: int, var: Path) -> None:
        from fixtures.simulator import Sector

        self.sector = Sector(sector, seed, enterprises)
        self.var = var
        self.seconds: dict[str, float] = {}

    def run(self, once: bool, *, lively: bool) -> None:
        """`lively`: with what stands beside the sector whose newest year the agents report
        (`portal.demo.beside`).
        """
        from portal.demo import cast as casting
        from portal.demo import guidance
        from portal.demo.processes import free_address, web_server, worker

        with self._stage("set-up", Phrase("Setting up the portal: databases and keys")):
            call_command("migrate", database="default", verbosity=0)
            call_command("migrate", database="vault", verbosity=0)
            today = timezone.now().date()
            # a lively demo has reports of years before, which were sealed to keys of then
            first = date(self.sector.year - 2, 1, 1) if lively else today - timedelta(days=1)
            key_ceremony.make_keys(self.var / "keys", first, today + KEYS_GOOD_FOR)
            cast = casting.create(self.sector, timezone.now())
        address = free_address()
        with worker(self.var, address), web_server(self.var, address):
            beside = self._beside(cast, address) if lively else None
            accepted, rejected = self._report(cast, address)
            result = self._publish(cast, accepted, rejected)
            if beside is not None:
                result["beside"] = beside
            if once:
                say(outcome(result))
                say(guidance.as_text(result["guidance"]))
                print(json.dumps(result), flush=True)
                return
            self._serve(cast, address, result)

    def _beside(self, cast: Any, address: str) -> dict[str, Any]:
        from portal.accounts.models import Organisation, Role
        from portal.demo import beside, waiting
        from portal.demo.plants import PlantReport, report_all
        from portal.problems import RefusedError
        from portal.publication.models import Publication

        with self._stage(
            "beside",
            Phrase(
                "The other sectors and the years before: drawn, sealed and published here, opened "
                "by the worker"
            ),
        ):
            now = timezone.now()
            others = beside.declare(self.sector, now)

            def hear(outcome: PlantReport) -> None:
                if outcome.exit_code:
                    raise refused(
                        Phrase(
                            "The agent of %(site)s could not enrol: %(reason)s",
                            site=outcome.site,
                            reason=outcome.message,
                        )
                    )

            # before the years before: one agent's keys sign all of a series
            report_all(
                self.sector.plants, cast.tokens, address, self.var / "plants", hear, submit=False
            )

            def say_withheld(what: str, refusal: RefusedError) -> None:
                say(_refused(f"{what}: {refusal.worded(in_words)}"))

            sent = beside.fill(
                self.sector, others, self.var / "plants", self._wait_for_the_worker, say_withheld
            )
            waiting.fill(self.sector, now)
        versions = Counter(Publication.objects.values_list("status", flat=True))
        return {
            "reports": sent,
            "firms": Organisation.objects.filter(kind=Role.ENTERPRISE).count(),
            "versions": dict(versions),
        }

    def _report(self, cast: Any, address: str) -> tuple[int, int]:
        from portal.demo.plants import PlantReport, report_all

        count = len(self.sector.plants)
        with self._stage(
            "report",
            Phrase(
                "%(count)s plants write their files and run the agent: label, protect, seal, send",
                count=count,
            ),
        ):
            ended = itertools.count(1)

            def hear(outcome: PlantReport) -> None:
                say(
                    f"  {next(ended):>3}/{count}  {outcome.site:<24} "
                    f"{outcome.message or in_words(Phrase('sent'))}"
                )

            report_all(self.sector.plants, cast.tokens, address, self.var / "plants", hear)
        with self._stage("open", Phrase("The worker opens what came in")):
            return self._wait_for_the_worker()

    def _wait_for_the_worker(self) -> tuple[int, int]:
        from portal.intake.models import Submission, SubmissionState

        deadline = time.monotonic() + OPENING_S
        while Submission.objects.filter(
            state__in=[SubmissionState.RECEIVED, SubmissionState.OPENING]
        ).exists():
            if time.monotonic() > deadline:
                log = (self.var / "worker.log").read_text(encoding="utf-8", errors="replace")
                raise refused(
                    Phrase(
                        "The worker did not open every report in %(seconds)s s. Its last words: "
                        "%(log)s",
                        seconds=OPENING_S,
                        log=log[-2000:],
                    )
                )
            time.sleep(0.2)
        for row in Submission.objects.filter(state=SubmissionState.REFUSED):
            say(_refused(Phrase("%(site)s: %(reason)s", site=row.site.slug, reason=row.reason)))
        newest = Submission.objects.filter(
            period=str(self.sector.year), site__pack=self.sector.pack.id
        )
        return newest.filter(state=SubmissionState.ACCEPTED).count(), newest.filter(
            state=SubmissionState.REFUSED
        ).count()

    def _publish(self, cast: Any, accepted: int, rejected: int) -> dict[str, Any]:
        from portal import keys
        from portal.demo import guidance
        from portal.problems import RefusedError
        from portal.publication import drafting, publishing
        from portal.standings import computing as standings
        from portal.standings.models import Standing

        with self._stage("compose", Phrase("Composing the industry label and ranks; drafting")):
            standings.compute(cast.period, cast.drafter.email, timezone.now())
            draft = drafting.draft(cast.period, cast.drafter, timezone.now())
        with self._stage("publish", Phrase("A second officer publishes")):
            try:
                draft = publishing.publish(draft, cast.approver, keys.receipt_key(), timezone.now())
            except RefusedError as refusal:
                # with few enterprises the gate lets nothing out: that is the answer, and the last
                # lines say why
                say(_refused(refusal.worded(in_words)))
        acting = self._act(accepted)
        return {
            "sector": self.sector.pack.id,
            "enterprises": len(self.sector.plants),
            "submissions": {"accepted": accepted, "rejected": rejected},
            "publication": (shown := self._shown(draft)),
            "standings": {
                "ranked": Standing.objects.filter(period=cast.period)
                .values("submission")
                .distinct()
                .count()
            },
            "guidance": guidance.of(self.sector, cast.period),
            "acting": acting,
            "truth": {"steps": self._truth(shown)},
            "seconds": {stage: round(seconds, 2) for stage, seconds in self.seconds.items()},
        }

    def _act(self, accepted: int) -> dict[str, str]:
        """Addresses of what was made; nothing where no report was accepted, for there would be none
        to attest.
        """
        from portal.demo import acting

        with self._stage(
            "act",
            Phrase("A statement, groups, and a practice that five firms report on"),
        ):
            return acting.fill(self.sector, self.var / "plants", timezone.now()) if accepted else {}

    def _shown(self, publication: Any) -> dict[str, Any]:
        """The document in the fields of the contract; a value that the gate withheld is null, and
        `gate` says why.
        """
        from benchmarks.disclosure import GateResult
        from portal.publication.document import BenchmarkScope, document_of

        gate = GateResult.from_json(publication.gate)
        scope = BenchmarkScope.of(publication.period.peer_group.scope)
        document = document_of(
            gate, publication.explanation, publication.version, timezone.now().date(), scope
        )
        fields = ("step", "metric", "unit", "best", "interval", "rule", "firms")
        return {
            "version": publication.version,
            "status": publication.status,
            "steps": [
                {field: step[field] for field in fields} | {"gate": _verdict(step["gate"])}
                for step in document["steps"]
            ],
            "held": _withheld_reasons(document["steps"]),
            "route_total": document["route_total"]["value"],
            "best_reached_total": document["best_reached_total"]["value"],
        }

    def _truth(self, shown: dict[str, Any]) -> list[dict[str, Any]]:
        rules = {
            (step["step"], Metric(step["metric"])): step["rule"]
            for step in shown["steps"]
            if step["rule"]
        }
        return [
            {"step": step, "metric": metric.value, "best": best}
            for (step, metric), best in self.sector.truth(rules).items()
        ]

    def _serve(self, cast: Any, address: str, result: dict[str, Any]) -> None:
        from portal.demo import guidance

        say(f"\n{outcome(result)}\n{in_words(guidance.as_text(result['guidance']))}")
        pages = {
            Phrase("The industry label"): "",
            Phrase("Best practice"): "practices/",
            Phrase("The API"): "api/v1/schema/",
            **{str(title): reverse(f"web:{name}")[1:] for name, title in extras.public_pages()},
        }
        if result["publication"]["status"] == "published":
            pages[Phrase("The sector")] = (
                f"sectors/{self.sector.pack.id}/cn/{self.sector.pack.routes[0].id}/"
            )
        for what, page in pages.items():
            say(f"  {in_words(what):<20} {address}/{page}")
        say("  " + in_words(Phrase("Signed in as enterprise or regulator:")))
        for what, page in (_STANDINGS | result["acting"]).items():
            say(f"  {in_words(what):<20} {address}/{page}")
        say("")
        for person in cast.sign_ins:
            say(f"  {person.role:<20} {person.email:<26} {person.password:<18} {person.secret}")
        say("")
        say(
            Phrase(
                "The last column is the key for an authenticator app. Without one: press Enter "
                "for the codes of the moment."
            )
        )
        say(Phrase("Ctrl-C ends the demo; nothing stays behind."))
        with suppress(KeyboardInterrupt):
            for _line in sys.stdin:
                now = timezone.now()
                for person in cast.sign_ins:
                    if person.secret:
                        say(f"  {person.email:<26} {person.code(now)}")
            while True:  # nobody is at the keyboard
                time.sleep(3600)

    @contextmanager
    def _stage(self, name: str, sentence: Phrase) -> Iterator[None]:
        say(sentence)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start


def _verdict(gate: dict[str, Any]) -> str:
    return "passed" if gate["shown"] else gate["code"]


def _withheld_reasons(steps: list[dict[str, Any]]) -> dict[str, str]:
    """The gate's reasons for what it lets nobody see, by code, each in its sentence."""
    return {
        step["gate"]["code"]: step["gate"]["reason"]["en"]
        for step in steps
        if not step["gate"]["shown"]
    }


def outcome(result: dict[str, Any]) -> str:
    """What was published, or that nothing was and why: the gate's own sentences, with how many
    values each holds back.
    """
    publication, reports = result["publication"], result["submissions"]["accepted"]
    codes = Counter(step["gate"] for step in publication["steps"] if step["best"] is None)
    shown = len(publication["steps"]) - codes.total()
    values = len(publication["steps"])
    lines: list[str] = [
        Phrase(
            "%(count)s of %(values)s values, %(code)s: %(reason)s",
            count=codes[code],
            values=values,
            code=code,
            reason=why,
        )
        for code, why in publication["held"].items()
    ]
    if publication["status"] == "draft":
        version = publication["version"]
        first = Phrase(
            "Nothing is published: the gate holds version %(version)s, of %(reports)s reports, "
            "and it stays a draft.",
            version=version,
            reports=reports,
        )
        lines.append(
            Phrase(
                "Run the demo with more firms: with 26, as it does by itself, every value is shown."
            )
        )
    else:
        first = Phrase(
            "Published: %(shown)s of %(values)s values from %(reports)s reports.",
            shown=shown,
            values=values,
            reports=reports,
        )
    return "\n  ".join(map(in_words, (first, *lines)))


def _refused(what: str) -> str:
    return "  " + in_words(Phrase("refused: %(what)s", what=what))


def say(line: str) -> None:
    """Progress goes to stderr; stdout carries the result alone."""
    print(in_words(line), file=sys.stderr, flush=True)
