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

printf '# Locust reports\n\nMade by `make.sh` with locust 2.47.0 and locust-plugins 5.0.3, in `%s`; on port 9 nobody listens.\n' \
  "$work" >"$here/README.md"
printf 'They wait for the load check: the gate reads no report of Locust yet, so a policy cannot ask for one.\n\n' \
  >>"$here/README.md"
printf '| report | situation | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

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
rm -rf "$work"
