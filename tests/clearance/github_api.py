"""GitHub's REST API on this machine, a real server on the loopback: what the gate uses of it, and all its bad days.

Paths and shapes: https://docs.github.com/en/rest. A trouble is what happens instead of one answer: a status with
headers, a connection that is dropped before or after the deed, an answer that never ends.
"""

import base64
import contextlib
import json
import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "owner/repository"
ANNOTATIONS, SUMMARY, DESCRIPTION, COMMENT = 50, 65_535, 140, 65_536


@dataclass
class Trouble:
    """Instead of an answer to `method` and a path that ends so: a status, `drop`, `lost` (done, then so), or `hang`."""

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

    def trouble(self, method, path):
        """Take the next trouble that this request meets, if there is one."""
        found = next((one for one in self.troubles if one.method == method and path.endswith(one.path)), None)
        if found:
            self.troubles.remove(found)
        return found

    def paged(self, path, query, status, said):
        """Cut a list into pages, with a link to the next."""
        items = said.get("check_runs") if isinstance(said, dict) else said
        if not isinstance(items, list):
            return status, said, {}
        size, page = min(int(query.get("per_page", 30)), self.page), int(query.get("page", 1))
        cut = items[(page - 1) * size : page * size]
        rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
        link = {"Link": f'<{self.url}{path}?{rest}&page={page + 1}>; rel="next"'} if len(items) > page * size else {}
        return status, ({**said, "check_runs": cut} if isinstance(said, dict) else cut), link

    def _orgs(self, _method, path, _query, _body):
        organisation, _, team, _, login = path.split("/")
        state = self.members.get((f"{organisation}/{team}", login))
        return (200, {"state": state}) if state else (404, {"message": "Not Found"})

    def _repos(self, method, path, query, body):
        below = path.removeprefix(f"{REPOSITORY}/")
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, below)
            if path != below and verb == method and found:
                try:
                    return answer(self, *map(unquote, found.groups()), query if method == "GET" else body)
                except KeyError:
                    return 404, {"message": "Not Found"}
        return 404, {"message": "Not Found"}

    def _find_pulls(self, query):
        return 200, [
            p for p in self.pulls.values() if (p["state"], p["head"]["label"]) == (query["state"], query["head"])
        ]

    def _commit(self, sha, query):
        return 200, {"sha": sha, "parents": [{"sha": one} for one in self.commits.get(sha, [])]}

    def _runs(self, sha, query):
        found = [r for r in self.check_runs if r["head_sha"] == sha and r["name"] == query["check_name"]]
        return 200, {"total_count": len(found), "check_runs": found}

    def _matching(self, ref, query):
        return 200, [{"ref": k, "object": {"sha": v}} for k, v in self.refs.items() if k.startswith(f"refs/{ref}")]

    def _content(self, path, query):
        data = base64.b64encode(self.contents[path].encode()).decode()
        return 200, {"content": data, "encoding": "base64"}

    def _open_run(self, body):
        number = len(self.check_runs) + 1
        output = {"annotations_count": 0}
        run = {"id": number, "html_url": f"{self.url}/runs/{number}", "output": output, "annotations": []}
        self.check_runs.append(run)
        return self._change(run, body, 201)

    def _put_status(self, sha, body):
        if len(body["description"]) > DESCRIPTION:
            return 422, {"message": "Validation Failed"}
        self.statuses.append({**body, "sha": sha, "url": f"{self.url}/statuses/{len(self.statuses)}"})
        return 201, self.statuses[-1]

    def _comment(self, number, body):
        if len(body["body"]) > COMMENT:
            return 422, {"message": "Validation Failed"}
        made = {
            "id": 100 + len(self.comments[int(number)]),
            "user": {"login": "github-actions[bot]"},
            "html_url": "here",
        }
        self.comments[int(number)].append({**made, **body})
        return 201, self.comments[int(number)][-1]

    def _edit_comment(self, number, body):
        found = next(c for all_ in self.comments.values() for c in all_ if c["id"] == int(number))
        found.update(body)
        return 200, found

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


_ROUTES = (
    ("GET", "pulls", GitHub._find_pulls),
    ("GET", "pulls/([0-9]+)", lambda hub, number, _query: (200, hub.pulls[int(number)])),
    ("GET", "pulls/([0-9]+)/reviews", lambda hub, number, _query: (200, hub.reviews[int(number)])),
    ("GET", "pulls/([0-9]+)/files", lambda hub, number, _query: (200, hub.files[int(number)])),
    ("GET", "commits/([^/]+)", GitHub._commit),
    (
        "GET",
        "commits/([^/]+)/statuses",
        lambda hub, sha, _query: (200, [s for s in hub.statuses[::-1] if s["sha"] == sha]),
    ),
    ("GET", "commits/([^/]+)/check-runs", GitHub._runs),
    ("GET", "check-runs/([0-9]+)", lambda hub, number, _query: (200, hub.check_runs[int(number) - 1])),
    ("GET", "branches/([^/]+)", lambda hub, branch, _query: (200, {"commit": {"sha": hub.branches[branch]}})),
    (
        "GET",
        "branches/[^/]+/protection",
        lambda hub, _query: hub.protection or (404, {"message": "Branch not protected"}),
    ),
    ("GET", "rules/branches/[^/]+", lambda hub, _query: (200, hub.rules)),
    ("GET", "git/matching-refs/(.+)", GitHub._matching),
    ("GET", "contents/(.+)", GitHub._content),
    ("GET", "issues/([0-9]+)/comments", lambda hub, number, _query: (200, hub.comments[int(number)])),
    ("POST", "check-runs", GitHub._open_run),
    ("PATCH", "check-runs/([0-9]+)", lambda hub, number, body: hub._change(hub.check_runs[int(number) - 1], body, 200)),
    ("POST", "statuses/([^/]+)", GitHub._put_status),
    ("POST", "issues/([0-9]+)/comments", GitHub._comment),
    ("PATCH", "issues/comments/([0-9]+)", GitHub._edit_comment),
)


def _handler(github):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def perform(self):
            where = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(where.query).items()}
            data = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.loads(data) if data else None
            github.asked.append((self.command, where.path, self.headers.get("authorization"), body))
            trouble = github.trouble(self.command, where.path)
            if trouble is None:
                return self.say(*github.paged(where.path, query, *github.answer(self.command, where.path, query, body)))
            if trouble.instead == "hang":
                github.done.wait(60)
            if trouble.instead == "lost":
                github.answer(self.command, where.path, query, body)
            if isinstance(trouble.instead, str):
                self.close_connection = True
                return None
            return self.say(trouble.instead, trouble.body or {"message": "trouble"}, trouble.headers)

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
