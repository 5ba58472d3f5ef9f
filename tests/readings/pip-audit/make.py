"""Makes the pip-audit reports of this folder anew: real runs against a stand-in of the OSV service on this machine.

Run as `python tests/readings/pip-audit/make.py`; it needs `uvx`. What no service answers is asked of a closed port.
"""

import json
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
VERSION = "2.10.1"
PACKAGES = ["markdown-it-py==4.0.0", "rich==15.0.0"]
KNOWN = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "A planted vulnerability",
    "details": "Planted:\nof no package.",
    "affected": [
        {
            "package": {"name": "rich", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "15.0.1"}]}],
        }
    ],
}
CASES = {  # name: (what the service answers, None for no service at all; further arguments)
    "clean": ({}, []),
    "vulnerable": ({"rich": [KNOWN]}, []),
    "ignored": ({"rich": [KNOWN]}, ["--ignore-vuln", "PYSEC-2026-1"]),
    "no-description": ({"rich": [KNOWN]}, ["--desc", "off", "--aliases", "off"]),
    "nothing": ({}, ["-r", "nothing.txt"]),
    "unreachable": (None, []),
    "unreachable-pypi": (None, ["--vulnerability-service", "pypi", "--index-url", "http://127.0.0.1:9/simple"]),
}


def serve(answers):
    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"vulns": answers.get(asked["package"]["name"], [])}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    rows = ["| report | command | exit code |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as work:
        Path(work, "requirements.txt").write_text("\n".join(PACKAGES))
        Path(work, "nothing.txt").write_text("")
        for name, (answers, further) in CASES.items():
            server = serve(answers) if answers is not None else None
            url = f"http://127.0.0.1:{server.server_port if server else 9}/v1/query"
            given = further if "-r" in further else ["-r", "requirements.txt", *further]
            service = [] if "--vulnerability-service" in further else ["-s", "osv", "--osv-url", url]
            argv = ["pip-audit", *given, "--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
            report = HERE / f"{name}.json"
            report.unlink(missing_ok=True)
            code = subprocess.run(
                ["uvx", "--quiet", "--from", f"pip-audit=={VERSION}", *argv, *service, "-o", str(report)],
                cwd=work,
                stderr=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            ).returncode
            shown = " ".join([*argv, *service]).replace(url, "URL")
            left = f"`{name}.json`" if report.exists() else f"{name}: none"
            rows.append(f"| {left} | `{shown}` | {code} |")
            if server:
                server.shutdown()
                server.server_close()
    heading = f"# pip-audit reports\n\nMade by `make.py` with pip-audit {VERSION}, where pypi.org cannot be reached; `URL` is a stand-in of the OSV service.\n\n"
    (HERE / "README.md").write_text(heading + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
