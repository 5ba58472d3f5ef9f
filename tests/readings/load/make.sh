#!/bin/sh
# Makes the recordings of this folder anew: real runs of six seconds each, with their commands and exit codes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=/tmp/readings/load
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2
uv venv --quiet env && uv pip install --quiet --python env/bin/python locust==2.47.0 "$here/../../.." || exit 2
PATH=$work/env/bin:$PATH

cat >server.py <<'PY'
"""Answer well; the path says how not, after two seconds of being asked."""

import pathlib
import socketserver
import time
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    first = None

    def do_GET(self):
        if Handler.first is None:
            Handler.first = time.monotonic()
            pathlib.Path("asked").touch()
        odd = time.monotonic() - Handler.first > 2
        body = b'{"flights": 0}' if odd and self.path == "/wrong" else b'{"flights": 1}'
        self.send_response(503 if odd and self.path == "/failing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", 8765), Handler).serve_forever()
PY
cat >asking.py <<'PY'
"""Users who look at what they are answered."""

import os

from clearance.load import FastHttpUser, task


class Asking(FastHttpUser):
    @task
    def ask(self):
        with self.client.get(os.environ.get("ASK", "/"), catch_response=True) as answer:
            if answer.status_code == 200 and answer.json() != {"flights": 1}:
                answer.failure("there is one flight")
PY
cat >idle.py <<'PY'
"""Users who ask for nothing."""

from clearance.load import FastHttpUser, task


class Idle(FastHttpUser):
    @task
    def wait(self):
        pass
PY
sed 's|with self.client.get.*|raise RuntimeError("planted")|; /if answer/d; /answer.failure/d' asking.py >raising.py
sed 's|        with|        until = time.perf_counter() + 0.02\n        while time.perf_counter() < until:\n            pass\n        with|; s|^import os|import os\nimport time|' \
  asking.py >busy.py
sed 's|@task|wait_time = constant(0.02)\n\n    @task|; s|FastHttpUser, task|FastHttpUser, constant, task|' asking.py >closed.py

printf "# Recordings of load runs\n\nMade by \`make.sh\` with locust 2.47.0 and clearance 0.1.0, in \`%s\`, held against \`slo.yaml\`.\nA small server listens on port 8765; on port 9 nobody does.\n\n" \
  "$work" >"$here/README.md"
printf '| report | situation | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

run() { # name, situation, arguments of locust
  name=$1 situation=$2
  shift 2
  rm -f asked
  python server.py &
  server=$!
  sleep 1
  locust --headless --skip-log --exit-code-on-error 0 "$@" --recording "$here/$name.zip" >"$name.log" 2>&1 &
  locust=$!
  meanwhile "$name"
  wait $locust
  code=$?
  kill -CONT $server
  kill $server
  wait $server 2>/dev/null
  printf '| `%s.zip` | %s | `locust --headless --skip-log --exit-code-on-error 0 %s --recording %s.zip` | %s |\n' \
    "$name" "$situation" "$*" "$name" "$code" >>"$here/README.md"
}

begun() { # two seconds after the first request
  until [ -e asked ]; do sleep 0.1; done
  sleep 2
}

meanwhile() { # what happens while a run goes on
  case $1 in
    frozen-server) begun && kill -STOP $server && sleep 2 && kill -CONT $server ;;
    killed-worker) begun && kill -KILL "$(ps -o pid= --ppid $locust | head -n 1)" ;;
    interrupted) begun && kill -TERM $locust ;;
  esac
}

open="-u 50 -r 50 -t 6s --warm-up 1s --arrivals constant:100"
target="--host http://127.0.0.1:8765"
run sound "nothing to object to" -f asking.py $open $target
run no-request "not a single request" -f idle.py $open $target
run task-raises "every task raises" -f raising.py $open $target
run target-down "nobody listens" -f asking.py $open --host http://127.0.0.1:9
ASK=/wrong run wrong-answers "status 200 and another body, from the third second on" -f asking.py $open $target
ASK=/failing run failing "status 503, from the third second on" -f asking.py $open $target
run frozen-server "the server stands still for two of six seconds" -f asking.py $open $target
run closed "users who wait for their answers, no schedule" -f closed.py -u 5 -r 5 -t 6s --warm-up 1s $target
run saturated "the users compute for 20 ms, at 100 requests a second" -f busy.py $open $target
run killed-worker "one of two workers is killed" -f asking.py $open $target --processes 2
run interrupted "ended from outside after two seconds" -f asking.py $open $target
rm -rf "$work"
