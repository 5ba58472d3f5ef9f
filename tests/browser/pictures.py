"""Takes the pictures of docs/pictures in the real browser: `python -m tests.browser.pictures [FOLDER]`."""

import io
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from clearance.render import markdown, text
from tests.browser import report_pages
from tests.browser.needs import chromium

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
COLUMNS = 110
WIDE, PHONE = {"width": 1080, "height": 860}, {"width": 390, "height": 780}
# What is photographed: the page, the part of its address that leads there, the window, the colours.
SHOTS = {
    "report": ("report", "", WIDE, "light"),
    "report-dark": ("report", "", WIDE, "dark"),
    "report-phone": ("report", "", PHONE, "light"),
    "load": ("report", "#details-load", {"width": 1080, "height": 1060}, "light"),
    "scenarios": ("report", "#details-integration-lookup-key-is-not-how-a-flight-is-named", WIDE, "light"),
    "summary": ("summary", "", WIDE, "light"),
}
# GitHub draws these as pictures, and a machine may have no font with them.
SIGNS = {"✅": ("#1a7f37", "✔"), "❔": ("#9a6700", "?"), "❌": ("#d1242f", "✘")}
SUMMARY = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Summary</title><style>
body { font: 14px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 60rem; margin: 0 auto; padding: 1rem 1.5rem }
table { border-collapse: collapse; margin: .6rem 0 } th, td { border: 1px solid #d1d9e0; padding: .35rem .7rem }
th, td { text-align: left } h3 { border-bottom: 1px solid #d1d9e0 } pre { background: #f6f8fa; padding: .7rem }
code { background: #eff1f3; border-radius: 4px; padding: .1rem .3rem; font-size: 85% }
blockquote { border-left: 4px solid #d1d9e0; margin: 0; padding: 0 1rem; color: #59636e }
</style>"""


def take(folder):
    """Write each picture, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    told = report_pages.story()
    verdict = report_pages.verdict(told)
    (folder / "terminal.svg").write_text(terminal(text.render(verdict, colour=True, width=COLUMNS)), "utf-8")
    summary = MarkdownIt("commonmark").enable("table").render(markdown.render(verdict))
    summary = summary.replace("<details>", "<details open>", 2)
    for sign, (colour, instead) in SIGNS.items():
        summary = summary.replace(sign, f'<b style="color: {colour}">{instead}</b>')
    pages = {"report": report_pages.whole(), "summary": SUMMARY + summary}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        for name, page in pages.items():
            Path(scratch, f"{name}.html").write_text(page, "utf-8")
        browser = playwright.chromium.launch(executable_path=chromium())
        for name, (page, place, window, scheme) in SHOTS.items():
            shown = browser.new_page(viewport=window, color_scheme=scheme, reduced_motion="reduce")
            shown.goto(Path(scratch, f"{page}.html").as_uri() + place)
            shown.evaluate("() => document.fonts.ready")
            shown.screenshot(path=folder / f"{name}.png", animations="disabled")
            shown.close()
        browser.close()
    return [folder / "terminal.svg", *(folder / f"{name}.png" for name in SHOTS)]


def terminal(said):
    """Draw what a terminal shows; fonts are those of the reader's machine, for nothing is to be loaded."""
    console = Console(record=True, file=io.StringIO(), width=COLUMNS, color_system="standard", force_terminal=True)
    console.print(Text.from_ansi("$ clearance run\n" + said), soft_wrap=False)
    first, _, rest = CONSOLE_SVG_FORMAT.partition("@font-face")
    form = first + rest[rest.index(".{unique_id}-matrix") :]
    return console.export_svg(title="clearance run", code_format=form, theme=MONOKAI)


if __name__ == "__main__":
    for file in take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(file, file.stat().st_size)
