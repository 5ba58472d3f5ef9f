"""Visits pages in the real headless browser and says what it saw, as JSON: `python -m tests.browser.watching FOLDER`.

A process of its own, since the browser's driver and what other tests do to a process's sockets and threads don't agree.
"""

import json
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser.needs import chromium

WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
VIEWS = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
    "still": {"viewport": WIDE, "java_script_enabled": False},
}
# For each plot: how many colours its canvas has that cover more than a few pixels. An empty one has one, or none.
COLOURS = """() => [...document.querySelectorAll("[data-plot]")].map((holder) => {
  const canvas = holder.querySelector("canvas");
  if (!canvas) return [holder.dataset.plot, 0];
  const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, found = {};
  for (let i = 0; i < all.length; i += 4) {
    const key = all.slice(i, i + 4).join();
    found[key] = (found[key] || 0) + 1;
  }
  return [holder.dataset.plot, Object.values(found).filter((count) => count > 20).length];
})"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def visit(browser, report, view):
    """Open a page as one kind of reader does, and note all that it did and showed."""
    context = browser.new_context(**VIEWS[view])
    page = context.new_page()
    page.set_default_timeout(60_000)
    seen = {"messages": [], "requests": [], "dialogs": 0}
    page.on("console", lambda message: seen["messages"].append(message.text))
    page.on("pageerror", lambda error: seen["messages"].append(str(error)))
    page.on("request", lambda request: seen["requests"].append(request.url))

    def refuse(dialog):
        seen["dialogs"] += 1
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(report.as_uri())
    seen["text"] = page.inner_text("body")
    if view != "still":
        seen |= {"colours": page.evaluate(COLOURS), "overflow": page.evaluate(OVERFLOW)}
    if view == "light":
        seen["titles"] = page.evaluate("() => [document.title, typeof window.taken]")
    if report.stem == "planted":
        seen["violations"] = list(violations(page))
    if report.stem == "typical" and view != "still":
        seen |= {
            "violations": list(violations(page)),
            "keys": keys(page),
            "changed": changed(page),
            "print": printed(page),
        }
    context.close()
    seen["requests"].remove(report.as_uri())
    return seen


def violations(page):
    """The findings of axe-core on the page as it stands, whatever their impact."""
    for one in Axe().run(page).response["violations"]:
        yield f"{one['id']}: {', '.join(str(node['target']) for node in one['nodes'][:3])}"


def keys(page):
    """What a plot reads out while somebody goes along it with the keyboard."""
    plot = page.locator("[data-plot=latency]")
    plot.focus()
    said = []
    for key in ("Home", "ArrowRight", "End", "ArrowLeft", "Escape"):
        page.keyboard.press(key)
        said.append(" ".join(plot.locator(".u-value").all_inner_texts()))
    return said


def changed(page):
    """Whether every plot comes to look different once the reader's colours are the other ones."""
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    before = page.evaluate("() => [...document.querySelectorAll('canvas')].map((one) => one.toDataURL())")
    page.emulate_media(color_scheme="light" if dark else "dark")
    others = "(before) => [...document.querySelectorAll('canvas')].every((one, i) => one.toDataURL() !== before[i])"
    page.wait_for_function(others, arg=before, timeout=60_000)
    return len(before)


def printed(page):
    """Whether what is folded away on the screen shows on paper, and the paper is light."""
    page.emulate_media(media="print")
    return page.evaluate("""() => [
      document.querySelector("details.numbers table").getBoundingClientRect().height > 40,
      getComputedStyle(document.documentElement).getPropertyValue("--paper").trim(),
    ]""")


def main(folder):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        seen = {
            report.stem: {
                view: visit(browser, report, view) for view in VIEWS if view == "light" or report.stem == "typical"
            }
            for report in sorted(folder.glob("*.html"))
        }
        browser.close()
    return seen


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
