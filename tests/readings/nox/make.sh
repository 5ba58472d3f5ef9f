#!/bin/sh
# Makes what nox says of sessions that did nothing anew: real runs, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=/tmp/readings/nox
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2
uv venv --quiet env && uv pip install --quiet --python env/bin/python nox==2026.10.20 || exit 2
PATH=$work/env/bin:$PATH

cat >noxfile.py <<'END'
import nox


@nox.session(venv_backend="none")
def skips(session):
    session.skip("no credentials")
    session.run("touch", "report.xml", external=True)


@nox.session(python="3.99", venv_backend="venv")
def lacks(session):
    session.run("touch", "report.xml", external=True)
END

printf '# What nox says of sessions that did nothing\n\nMade by `make.sh` with nox 2026.10.20, in `%s`. No session left the report that it was to make.\n\n' \
  "$work" >"$here/README.md"
printf '| report | situation | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

make() { # name, situation, CI or -, session
  [ "$3" = CI ] && export CI=1 || unset CI
  nox --report "$here/$1.json" -s "$4" >/dev/null 2>&1
  code=$?
  [ -e report.xml ] && echo "nox: $1 left a report" >&2 && exit 1
  sed 's/"duration": [0-9.e-]*/"duration": 0/' "$here/$1.json" >report.json && mv report.json "$here/$1.json"
  printf '| `%s.json` | %s | `%snox --report report.json -s %s` | %s |\n' \
    "$1" "$2" "$([ "$3" = CI ] && echo 'CI=1 ')" "$4" "$code" >>"$here/README.md"
}

make skipped "a session skips itself" - skips
make no-interpreter "the session's Python is not there" - lacks
make no-interpreter-in-ci "the session's Python is not there, in CI" CI lacks
rm -rf "$work"
