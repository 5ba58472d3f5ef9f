#!/bin/sh
# Makes the coverage reports of this folder anew: real runs over planted files, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=7.17.3
work=/tmp/readings/coverage
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

mkdir app bare
printf 'def sign(n):\n    if n < 0:\n        return -1\n    return 1\n' >app/signs.py
printf 'def unused():\n    return 0\n' >app/unused.py
printf 'from app.signs import sign\n\nassert sign(2) == 1\n' >try.py
printf '' >bare/__init__.py
printf 'import bare\n' >try_bare.py

cp -r app kept && sed 's/:$/:  # pragma: no cover/' app/unused.py >kept/unused.py
printf 'from kept.signs import sign\n\nassert sign(2) == 1\n' >try_kept.py
printf '[run]\nomit = app/unused.py\n' >omit.ini

printf '# Reports of coverage.py\n\nMade by `make.sh` with coverage %s, in `%s`.\n\n' "$version" "$work" >"$here/README.md"
printf '| report | run | report command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

make() { # name, arguments of `coverage run`
  name=$1
  shift
  PYTHONPATH=. uvx --quiet --from "coverage==$version" coverage run "$@"
  uvx --quiet --from "coverage==$version" coverage json -q -o "$here/$name.json"
  printf '| `%s.json` | `coverage run %s` | `coverage json` | %s |\n' "$name" "$*" "$?" >>"$here/README.md"
}

make lines --source=app try.py
make branches --branch --source=app try.py
make excluded --source=kept try_kept.py
make omitted --rcfile=omit.ini --source=app try.py
make no-statements --source=bare try_bare.py
rm -rf "$work"
