"""What the tests of this folder need and this machine may lack, and which of them need it."""

import shutil

REQUIRED = "CLEARANCE_BROWSER_TESTS"
HINT = "They need a Chromium on PATH, as Debian's package chromium brings it"
WITH_BROWSER = ("tests/browser/test_load_page.py", "tests/browser/test_report_page.py")


def chromium():
    """Return the path of the machine's own Chromium; None where there is none."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"))
    return next(filter(None, found), None)


def missing():
    """What is not here, each with the test files that need it."""
    return {} if chromium() else {"Chromium": WITH_BROWSER}
