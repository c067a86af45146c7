"""A person at a browser: opens pages, and checks each for what a person with another screen,
language or ability would trip over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from portal.accounts import second_factor
from portal.accounts.models import User
from tests.integration.portal_cast import PASSWORD

T = TypeVar("T")
NOTICE_VIOLATIONS = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', event => window.__violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""
TOO_WIDE = """
() => [...document.querySelectorAll('main *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 90))
"""
EMPTY_COLUMNS = """
() => [...document.querySelectorAll('main table')].flatMap(table => {
  const rows = [...table.querySelectorAll('tbody tr')];
  const empty = index => rows.every(row => row.children[index]
    && /^[–\\s]*$/.test(row.children[index].textContent) && !row.children[index].querySelector('svg, input'));
  return [...table.querySelectorAll('thead th')].filter((head, index) => !head.hidden && rows.length > 1 && empty(index))
    .map(head => `${table.caption?.textContent.trim()}: ${head.textContent.trim()}`);
})
"""
WALK_BEGINS = """
() => {
  const fields = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  const shown = one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0;
  const first = one => one.type !== 'radio' || one.checked || !one.form?.querySelector(`[name="${one.name}"]:checked`)
    && one === one.form?.querySelector(`[name="${one.name}"]`);
  const wanted = [...document.querySelectorAll('main :is(' + fields + ')')].filter(one => shown(one) && first(one));
  window.__walk = {wanted, met: [], unseen: []};
  document.addEventListener('focusin', event => {
    const index = wanted.indexOf(event.target), style = getComputedStyle(event.target);
    if (index < 0) return;
    window.__walk.met.push(index);
    if (style.outlineStyle === 'none' && style.boxShadow === 'none' && !event.target.labels?.length) {
      window.__walk.unseen.push(event.target.outerHTML.slice(0, 120));
    }
  });
  document.getElementById('main').focus();
  const parts = {'date': 3, 'datetime-local': 6};  // year, month, day and calendar take a Tab each
  return wanted.reduce((stops, one) => stops + 1 + (parts[one.type] ?? 0), 0);
}
"""
WALK_ENDS = """
() => {
  const {wanted, met, unseen} = window.__walk;
  const missed = wanted.filter((_one, index) => !met.includes(index)).map(one => one.outerHTML.slice(0, 120));
  return {missed, unseen, inOrder: met.every((index, n) => n === 0 || index > met[n - 1])};
}
"""
SCROLLED = 4
"""Tables wider than a screen take a Tab each, so that they are scrolled."""
PATIENCE_MS = 90_000
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Reader:
    """One browser context: one language, one width, at most one sign-in."""

    page: Page
    base: str
    language: str
    width: int
    screenshots: Path | None
    who: str = "public"
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def made_for(cls, browser: Browser, base: str, screenshots: Path | None) -> Iterator[Any]:
        contexts: list[BrowserContext] = []

        def make(
            language: str, width: int, email: str | None = None, *, scripts: bool = True
        ) -> Reader:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                locale="en-GB",
                reduced_motion="reduce",
                java_script_enabled=scripts,
            )
            context.set_default_timeout(PATIENCE_MS)
            contexts.append(context)
            context.add_init_script(NOTICE_VIOLATIONS)
            context.add_cookies([{"name": "django_language", "value": language, "url": base}])
            reader = cls(context.new_page(), base, language, width, screenshots)
            reader.page.on("console", reader._console)
            reader.page.on("pageerror", lambda error: reader.complaints.append(f"script: {error}"))
            reader.page.on("response", reader._response)
            if email is not None:
                reader.sign_in(email)
            return reader

        yield make
        for context in contexts:
            context.close()

    def sign_in(self, email: str) -> None:
        self.who = email.split("@")[0]
        self.open("/sign-in/")
        self.page.fill("#id_username", email)
        self.page.fill("#id_password", PASSWORD)
        secret = in_a_worker(lambda: fresh_secret_of(email))
        self._send()
        if secret:
            self.page.fill("#id_code", second_factor.code_at(secret, timezone.now()))
            self._send()
        assert "/sign-in/" not in self.page.url, f"{email} is not signed in: {self.text()}"

    def _send(self) -> None:
        """Press the button, and wait for the answer: whoever opens the next page meanwhile is not
        signed in.
        """
        with self.page.expect_navigation():
            self.page.click("form[novalidate] button")

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def requests(self) -> list[str]:
        """What the page asks for from now on, as `GET http://…`; the tab's icon not, for which the
        browser asks when it has time.
        """
        asked: list[str] = []

        def take(request: Request) -> None:
            if not request.url.endswith("/static/web/icon.svg"):
                asked.append(f"{request.method} {request.url}")

        self.page.on("request", take)
        return asked

    def look(self, name: str, expected_status: int | None = None) -> None:
        """Check the page that stands there: policy, script, accessibility with every detail opened,
        width, language.

        `expected_status` is what the page was answered with, and has been: a page that is let
        through is none that is refused.
        """
        self._settled()
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if self.screenshots is not None:
            self.page.screenshot(
                path=self.screenshots / f"{name}-{self.language}-{self.width}.png", full_page=True
            )
        here = f"{name} ({self.language}, {self.width} px)"
        expected = (
            f"Failed to load resource: the server responded with a status of {expected_status}"
        )
        complaints = [
            complaint for complaint in self.complaints if not complaint.startswith(expected)
        ]
        assert expected_status is None or complaints != self.complaints, (
            f"{here}: nothing was answered with {expected_status}"
        )
        self.complaints.clear()
        violations, findings = self.page.evaluate("window.__violations"), self.findings()
        assert not violations, f"{here}: the content policy was broken: {violations}"
        assert not complaints, f"{here}: the console says {complaints}"
        assert not findings, f"{here}: axe finds {findings}"
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{here}: {wide} px wider than the screen: {self.too_wide()}"
        assert (
            self.page.get_attribute("html", "lang")
            == {"en": "en", "zh-hans": "zh-Hans"}[self.language]
        ), here

    def walk_by_keyboard(self) -> None:
        """From the skip link's end through the page by Tab alone: everything that can be pressed is
        met, in its order, and seen to be.
        """
        self._settled()
        for _each in range(self.page.evaluate(WALK_BEGINS) + SCROLLED):
            self.page.keyboard.press("Tab")
        walk = self.page.evaluate(WALK_ENDS)
        here = f"{self.page.url.removeprefix(self.base)} ({self.language}, {self.width} px)"
        assert not walk["missed"], f"{here}: not reached by Tab: {walk['missed'][:5]}"
        assert not walk["unseen"], f"{here}: focus is not seen: {walk['unseen'][:5]}"
        assert walk["inOrder"], f"{here}: Tab leaves the order of the page"

    def findings(self) -> list[str]:
        self.page.evaluate(_axe())
        violations = self.page.evaluate(
            "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(all => "
            "all.violations)",
            AXE_RULES,
        )
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in violations
            for node in violation["nodes"]
        ]

    def too_wide(self) -> list[str]:
        return list(self.page.evaluate(TOO_WIDE))[:5]

    def empty_columns(self) -> list[str]:
        """Heads of columns that say nothing of any row."""
        return list(self.page.evaluate(EMPTY_COLUMNS))

    def text(self) -> str:
        self._settled()
        return re.sub(r"\s+", " ", self.page.inner_text("main"))

    def _settled(self) -> None:
        """A click waits until the next page begins to arrive; a check has to wait until all of it
        is there.
        """
        self.page.wait_for_load_state()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} at {response.url}")


def fresh_secret_of(email: str) -> str:
    """A new app for who has one: a code is good once, and a test signs the same person in several
    times within its half minute.
    """
    user = User.objects.get(email=email)
    return second_factor.give(user) if second_factor.has_one(user) else ""


def in_a_worker(work: Callable[[], T]) -> T:
    """In a thread of its own, as the worker is a process of its own: Playwright's loop runs in this
    one.
    """

    def run() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@cache
def _axe() -> str:
    return str(Axe().axe_script)
