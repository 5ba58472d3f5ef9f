"""Reads report pages in the real headless browser, and says what it saw as JSON: `python -m tests.browser.reading DIR`.

A process of its own, for the reason that `watching` is one.
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.needs import chromium
from tests.browser.watching import OVERFLOW, VIEWS, violations

ROWS = "() => [...document.querySelectorAll('.findings tbody tr')].filter((row) => row.checkVisibility()).length"
CHECKS = """() => [...document.querySelectorAll('details.check')].filter((one) => one.checkVisibility())
  .map((one) => one.id)"""
SCENARIOS = "() => [...document.querySelectorAll('article.scenario')].filter((one) => one.checkVisibility()).length"
AIMED = """() => [...document.querySelectorAll('.aimed')].map((one) => {
  const box = one.getBoundingClientRect();
  return [one.id, one.checkVisibility(), box.top >= 0 && box.top < innerHeight];
})"""
PARTS = """() => [...document.querySelectorAll('main > section')].filter((one) => one.checkVisibility())
  .map((one) => one.id || one.className)"""
STOPS = "() => [...document.querySelectorAll('.scroll[tabindex]')].filter((one) => one.checkVisibility()).length"
MARKED = "() => CSS.highlights.get('found')?.size ?? 0"
ORDERED = """() => {
  const rows = [...document.querySelector('.findings').tBodies[0].rows].map((row) => row.id);
  const all = JSON.parse(document.getElementById('data').textContent).checks[0].rows.map((row) => row[0]);
  const places = rows.map((id) => all.indexOf(id));
  return places.every((place, number) => !number || places[number - 1] < place);
}"""
STATUS = "() => document.querySelector('[role=status]').textContent"


class Reader:
    """A browser's page that notes what it logged, requested and asked."""

    def __init__(self, browser, report, view):
        self.context = browser.new_context(**VIEWS[view])
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.report, self.noise, self.dialogs = report, [], 0
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", self._note)
        self.go()

    def go(self, place=""):
        self.page.goto("about:blank")
        self.page.goto(self.report.as_uri() + place)
        return self

    def _refuse(self, dialog):
        self.dialogs += 1
        dialog.dismiss()

    def _note(self, request):
        if not request.url.startswith(self.report.as_uri()):
            self.noise.append(request.url)

    def ask(self, script):
        return self.page.evaluate(script)

    def settle(self):
        """Wait until what was typed has been looked for, which happens before the second frame from now."""
        self.ask("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def seen(self):
        self.settle()
        found = {"rows": self.ask(ROWS), "checks": self.ask(CHECKS), "status": self.ask(STATUS)}
        found |= {"parts": self.ask(PARTS), "marked": self.ask(MARKED)}
        return found | {"hash": self.ask("() => location.hash"), "scenarios": self.ask(SCENARIOS)}


def page_says(reader):
    """The text of the box for searching, as far as it shows."""
    return reader.page.inner_text(".find").strip()


def screens(browser, report):
    """What is wrong with the page for each kind of reader, and what paper shows."""
    found = {}
    for view in ("light", "dark", "phone"):
        reader = Reader(browser, report, view)
        found[view] = {
            "noise": reader.noise,
            "overflow": reader.ask(OVERFLOW),
            "violations": list(violations(reader.page)),
            "first": reader.ask("() => document.body.innerText.trim().split('\\n').filter((one) => one.trim())[1]"),
        }
        if view == "dark":
            reader.page.emulate_media(media="print")
            paper = "() => getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()"
            tables = (
                "() => [...document.querySelectorAll('.examples')].every((one) => one.getBoundingClientRect().height)"
            )
            found["print"] = [
                reader.ask(paper),
                reader.ask(tables),
                reader.ask("() => document.querySelector('.find').checkVisibility()"),
            ]
            reader.go("#q=sql+injection").page.emulate_media(media="print")
            found["print"].append(page_says(reader))
        reader.context.close()
    return found


def still(browser, report):
    """What the page says without a script."""
    reader = Reader(browser, report, "still")
    text = reader.page.inner_text("body")
    reader.context.close()
    return {"text": text, "noise": reader.noise}


def search(browser, report):
    """What is shown while someone looks for things, with the keyboard alone."""
    reader = Reader(browser, report, "light")
    page, found = reader.page, {}
    found["begin"] = reader.seen
    found["stops"] = reader.ask(STOPS)
    page.keyboard.press("Tab")
    found["tab"] = reader.ask("() => document.activeElement.textContent")
    page.keyboard.press("/")
    found["slash"] = reader.ask("() => document.activeElement.name")
    page.keyboard.type("sql injection")
    found["text"] = reader.seen
    page.reload()
    found["reloaded"] = reader.seen | {"box": page.input_value("[name=q]")}
    page.click("[name=clear]")
    found["cleared"] = reader.seen
    page.select_option("[name=decision]", "pass")
    found["passed"] = reader.seen
    page.click("[name=clear]")
    page.select_option("[name=severity]", "low")
    found["low"] = reader.seen
    page.click("[name=clear]")
    page.select_option("[name=check]", "secrets")
    found["secrets"] = reader.seen
    page.click("[name=clear]")
    page.fill("[name=q]", "first customer pays")
    found["multi-az"] = reader.seen
    page.fill("[name=q]", "not how a flight is named")
    found["scenario"] = reader.seen
    found["history"], found["kept"] = steps(reader)
    reader.go("#decision=unknown&q=a")
    found["linked"] = reader.seen
    found["violations"] = list(violations(page))
    reader.go("#q=nothing+has+this")
    found["nothing"] = reader.seen
    reader.go("#finding-" + ("5f0c" * 3))
    found["finding"] = reader.ask(AIMED)
    reader.go("#check-secrets")
    found["check"] = [*reader.ask(AIMED), reader.ask("() => document.getElementById('check-secrets').open")]
    reader.go("#details-integration-lookup-a-reported-flight-is-found")
    found["place"] = reader.ask(AIMED)
    reader.go("#%E0%A4%A")
    found["odd"] = reader.seen
    found["noise"] = reader.noise
    reader.context.close()
    return found


def steps(reader):
    """Where the browser's own buttons lead after a search and a filter, and what a finding's link does to a search."""
    page, seen = reader.go().page, []
    page.focus("[name=q]")
    for letter in "sql":
        page.keyboard.type(letter)
        reader.settle()
    page.select_option("[name=state]", "waived")
    reader.settle()
    for go in (page.go_back, page.go_back, page.go_forward):
        go()
        seen.append(reader.seen["hash"])
    page.click("#check-bandit tr:not([hidden]) a.here")
    return seen, [reader.seen["hash"], page.input_value("[name=q]"), reader.seen["rows"]]


def long(browser, report):
    """What becomes of findings that have no row yet."""
    reader = Reader(browser, report, "light")
    found = {"begin": reader.seen, "more": reader.page.inner_text("p.more")}
    reader.page.click("p.more button")
    found["clicked"] = reader.seen
    reader.go("#q=b608")
    found["searched"] = reader.seen
    reader.page.click("[name=clear]")
    reader.settle()
    reader.page.click("p.more button")
    found["ordered"] = [reader.ask(ORDERED), reader.seen["rows"]]
    reader.go("#finding-002401aaaaaa")
    found["linked"] = reader.ask(AIMED)
    reader.go("#finding-002401aaaaaa&severity=info")
    found["both"] = [reader.ask(AIMED), reader.page.input_value("[name=severity]")]
    found["noise"] = reader.noise
    reader.context.close()
    return found


def attack(browser, report):
    """What a page full of attacks does, also once all that it holds is shown."""
    reader = Reader(browser, report, "light")
    reader.page.fill("[name=q]", "taken")
    reader.settle()
    for name in ("state", "severity"):
        reader.page.select_option(f"[name={name}]", index=1)
        reader.settle()
    taken = reader.ask("() => [typeof window.taken, document.images.length, document.scripts.length]")
    reader.page.set_viewport_size(VIEWS["phone"]["viewport"])
    overflow = reader.ask(OVERFLOW)
    links = reader.ask("() => [...document.links].map((one) => one.protocol)")
    reader.context.close()
    return {
        "noise": reader.noise,
        "dialogs": reader.dialogs,
        "taken": taken,
        "links": sorted(set(links)),
        "overflow": overflow,
    }


def main(folder):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        pages = {name: folder / f"{name}.html" for name in ("whole", "many", "attacked")}
        seen = {
            "screens": screens(browser, pages["whole"]),
            "still": still(browser, pages["whole"]),
            "search": search(browser, pages["whole"]),
            "long": long(browser, pages["many"]),
            "attack": attack(browser, pages["attacked"]),
        }
        browser.close()
    return seen


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
