"""GitHub's REST API on this machine, a real server on the loopback: what the gate uses of it, and all its bad days.

Paths and shapes: https://docs.github.com/en/rest. A trouble is what happens instead of one answer: a status with headers,
a connection that is dropped before or after the deed, an answer that never ends.
"""

import base64
import contextlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "owner/repository"
ANNOTATIONS, SUMMARY, DESCRIPTION, COMMENT = 50, 65_535, 140, 65_536


@dataclass
class Trouble:
    """Instead of an answer to `method` and a path that ends so: a status, `drop`, `lost` (done, then dropped), `hang`."""

    method: str
    path: str
    instead: int | str
    headers: dict = field(default_factory=dict)
    body: object = None


class GitHub:
    """One repository. `asked` holds each request; `troubles` are met once each, in order."""

    def __init__(self):
        self.pulls, self.reviews, self.files, self.comments = (
            {},
            defaultdict(list),
            defaultdict(list),
            defaultdict(list),
        )
        self.commits, self.branches, self.refs, self.contents, self.members = {}, {}, {}, {}, {}
        self.rules, self.protection = [], None
        self.check_runs, self.statuses, self.asked, self.troubles = [], [], [], []
        self.page = 100
        self.url = ""
        self.done = threading.Event()

    def pull(self, number, head, *, base="main", author="author", owner="owner", branch="topic", state="open"):
        """Open a pull request; its head and the merge of it are commits."""
        self.pulls[number] = {
            "number": number, "state": state, "user": {"login": author}, "base": {"ref": base},
            "head": {"sha": head, "label": f"{owner}:{branch}"},
        }  # fmt: skip

    def review(self, number, login, state, commit):
        """Review a pull request, after the reviews that there are."""
        self.reviews[number].append({"user": {"login": login}, "state": state, "commit_id": commit})

    def own(self, text, place=".github/CODEOWNERS"):
        """Write the CODEOWNERS file of the protected branch."""
        self.contents[place] = text

    @contextlib.contextmanager
    def serving(self):
        """Serve on a free port until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            self.done.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, method, path, query, body):
        """Return a status and what is answered."""
        for name in ("orgs", "repos"):
            if path.startswith(f"/{name}/"):
                return getattr(self, f"_{name}")(method, path.removeprefix(f"/{name}/"), query, body)
        return 404, {"message": "Not Found"}

    def _orgs(self, _method, path, _query, _body):
        organisation, _, team, _, login = path.split("/")
        state = self.members.get((f"{organisation}/{team}", login))
        return (200, {"state": state}) if state else (404, {"message": "Not Found"})

    def _repos(self, method, path, query, body):
        if not path.startswith(f"{REPOSITORY}/"):
            return 404, {"message": "Not Found"}
        parts = path.removeprefix(f"{REPOSITORY}/").split("/")
        if method == "GET":
            return self._read(parts, query)
        return self._write(method, parts, body)

    def _read(self, parts, query):
        match parts:
            case ["pulls"]:
                return 200, [
                    p
                    for p in self.pulls.values()
                    if p["state"] == query["state"] and p["head"]["label"] == query["head"]
                ]
            case ["pulls", number]:
                return 200, self.pulls[int(number)]
            case ["pulls", number, ("reviews" | "files") as what]:
                return 200, getattr(self, what)[int(number)]
            case ["commits", sha]:
                return 200, {"sha": sha, "parents": [{"sha": one} for one in self.commits.get(sha, [])]}
            case ["commits", sha, "statuses"]:
                return 200, [one for one in reversed(self.statuses) if one["sha"] == sha]
            case ["commits", sha, "check-runs"]:
                found = [r for r in self.check_runs if r["head_sha"] == sha and r["name"] == query["check_name"]]
                return 200, {"total_count": len(found), "check_runs": found}
            case ["check-runs", number]:
                return 200, self.check_runs[int(number) - 1]
            case ["branches", branch]:
                return 200, {"commit": {"sha": self.branches[unquote(branch)]}}
            case ["branches", _, "protection"]:
                return self.protection or (404, {"message": "Branch not protected"})
            case ["rules", "branches", _]:
                return 200, self.rules
            case ["git", "matching-refs", *ref]:
                start = f"refs/{'/'.join(ref)}"
                return 200, [{"ref": k, "object": {"sha": v}} for k, v in self.refs.items() if k.startswith(start)]
            case ["contents", *path] if "/".join(path) in self.contents:
                data = base64.b64encode(self.contents["/".join(path)].encode()).decode()
                return 200, {"content": data, "encoding": "base64"}
            case ["issues", number, "comments"]:
                return 200, self.comments[int(number)]
        return 404, {"message": "Not Found"}

    def _write(self, method, parts, body):
        match [method, *parts]:
            case ["POST", "check-runs"]:
                run = {"id": len(self.check_runs) + 1, "html_url": f"{self.url}/runs/{len(self.check_runs) + 1}",
                       "output": {"annotations_count": 0}, "annotations": []}  # fmt: skip
                self.check_runs.append(run)
                return self._change(run, body, 201)
            case ["PATCH", "check-runs", number]:
                return self._change(self.check_runs[int(number) - 1], body, 200)
            case ["POST", "statuses", sha]:
                if len(body["description"]) > DESCRIPTION:
                    return 422, {"message": "Validation Failed"}
                self.statuses.append({**body, "sha": sha, "url": f"{self.url}/statuses/{len(self.statuses)}"})
                return 201, self.statuses[-1]
            case ["POST", "issues", number, "comments"] if len(body["body"]) <= COMMENT:
                made = {
                    "id": 100 + len(self.comments[int(number)]),
                    "user": {"login": "github-actions[bot]"},
                    "html_url": "here",
                }
                self.comments[int(number)].append({**made, **body})
                return 201, self.comments[int(number)][-1]
            case ["PATCH", "issues", "comments", number]:
                found = next(c for all_ in self.comments.values() for c in all_ if c["id"] == int(number))
                found.update(body)
                return 200, found
        return 422, {"message": "Validation Failed", "errors": ["as documented"]}

    def _change(self, run, body, status):
        output = body.get("output", {})
        annotations = output.get("annotations", [])
        if len(annotations) > ANNOTATIONS or len(output.get("summary", "")) > SUMMARY:
            return 422, {"message": "Validation Failed"}
        run["annotations"] += annotations
        said = {key: output[key] for key in ("title", "summary") if key in output}
        run["output"] = {**run["output"], **said, "annotations_count": len(run["annotations"])}
        run.update({key: value for key, value in body.items() if key != "output"})
        return status, {key: value for key, value in run.items() if key != "annotations"}


def _handler(github):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def perform(self):
            where = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(where.query).items()}
            data = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.loads(data) if data else None
            github.asked.append((self.command, where.path, self.headers.get("authorization"), body))
            trouble = next(
                (t for t in github.troubles if t.method == self.command and where.path.endswith(t.path)), None
            )
            if trouble:
                github.troubles.remove(trouble)
                if trouble.instead == "hang":
                    github.done.wait(60)
                if trouble.instead == "lost":
                    github.answer(self.command, where.path, query, body)
                if isinstance(trouble.instead, str):
                    self.close_connection = True
                    return None
                return self.say(trouble.instead, trouble.body or {"message": "trouble"}, trouble.headers)
            status, said = github.answer(self.command, where.path, query, body)
            headers = {}
            items = said.get("check_runs") if isinstance(said, dict) else said
            if isinstance(items, list):
                size = min(int(query.get("per_page", 30)), github.page)
                page = int(query.get("page", 1))
                if len(items) > page * size:
                    rest = "&".join(f"{k}={v}" for k, v in query.items() if k != "page")
                    headers["Link"] = f'<{github.url}{where.path}?{rest}&page={page + 1}>; rel="next"'
                cut = items[(page - 1) * size : page * size]
                said = {**said, "check_runs": cut} if isinstance(said, dict) else cut
            return self.say(status, said, headers)

        def say(self, status, said, headers):
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Say nothing: what was asked is kept."""

    for verb in ("GET", "POST", "PATCH"):
        setattr(Handler, f"do_{verb}", Handler.perform)
    return Handler
