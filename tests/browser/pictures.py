"""Takes pictures of a load run's page in the real browser: `python -m tests.browser.pictures [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.needs import chromium
from tests.clearance.load_pages import page

SHOTS = {"light": (1200, "light"), "dark": (1200, "dark"), "phone": (390, "light")}


def take(folder):
    """Write light.png, dark.png and phone.png, each of the whole page."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        report = Path(scratch, "report.html")
        report.write_text(page(), "utf-8")
        browser = playwright.chromium.launch(executable_path=chromium())
        for name, (width, scheme) in SHOTS.items():
            shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            shown.goto(report.as_uri())
            shown.screenshot(path=folder / f"{name}.png", full_page=True)
        browser.close()
    return [folder / f"{name}.png" for name in SHOTS]


if __name__ == "__main__":
    for file in take(Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures")):
        print(file)
