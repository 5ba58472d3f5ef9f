#!/bin/sh
# Makes the Locust reports of this folder anew: real runs of three seconds each, with their commands and exit codes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=/tmp/readings/locust
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2
uv venv --quiet env && uv pip install --quiet --python env/bin/python locust==2.47.0 locust-plugins==5.0.3 || exit 2
PATH=$work/env/bin:$PATH

cat >idle.py <<'END'
"""Users who ask for nothing."""

import time

from locust import HttpUser, task


class Idle(HttpUser):
    @task
    def wait(self):
        time.sleep(0.1)
END
printf 'import locust_plugins\n\n' | cat - idle.py >idle_checked.py
cat >asking.py <<'END'
"""Users who ask a host that is down."""

from locust import HttpUser, constant, task


class Asking(HttpUser):
    wait_time = constant(0.5)

    @task
    def ask(self):
        self.client.get("/")
END
sed 's|self.client.get("/")|raise RuntimeError("planted")|' asking.py >raising.py

cat >server.py <<'END'
"""Answer well; under /odd every tenth time with 500."""

import http.server
import itertools


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    number = itertools.count()

    def do_GET(self):
        failed = self.path == "/odd" and next(self.number) % 10 == 9
        self.send_response(500 if failed else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8765), Handler).serve_forever()
END
sed 's|constant(0.5)|constant(0.01)|' asking.py >sound.py
sed 's|client.get("/")|client.get("/odd")|' sound.py >odd.py

printf '# Locust reports\n\nMade by `make.sh` with locust 2.47.0 and locust-plugins 5.0.3, in `%s`; on port 9 nobody listens.\n' \
  "$work" >"$here/README.md"
printf 'For `sound` and `one-fails` a small server listens beside, on port 8765.\n\n' >>"$here/README.md"
printf '| report | situation | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

python server.py &
server=$!
trap 'kill $server' EXIT

make() { # name, situation, arguments of locust
  name=$1 situation=$2
  shift 2
  locust --headless -u 2 -r 2 -t 3s --host http://127.0.0.1:9 --json "$@" >"$here/$name.json" 2>"$name.log"
  code=$?
  printf '| `%s.json` | %s | `locust --headless -u 2 -r 2 -t 3s --host http://127.0.0.1:9 --json %s` | %s |\n' \
    "$name" "$situation" "$*" "$code" >>"$here/README.md"
}

make no-request "not a single request" -f idle.py
make no-request-checked "the same, with limits that locust-plugins is to hold" -f idle_checked.py --check-fail-ratio 0.5 --check-avg-response-time 50
make host-down-forgiven "every request fails, the exit code is told not to mind" -f asking.py --exit-code-on-error 0
make host-down "every request fails" -f asking.py
make task-raises "every task raises" -f raising.py
make one-fails "one request in ten fails, the exit code is told not to mind" -f odd.py --host http://127.0.0.1:8765 --exit-code-on-error 0
make sound "nothing to object to" -f sound.py --host http://127.0.0.1:8765
rm -rf "$work"
