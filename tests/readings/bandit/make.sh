#!/bin/sh
# Makes the Bandit reports of this folder anew: real runs over planted files, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=1.9.4
work=/tmp/readings/bandit
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

mkdir -p clean issue broken silenced empty configured
printf 'def add(a, b):\n    return a + b\n' >clean/sums.py
printf '' >clean/__init__.py
printf 'import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n' >issue/run.py
cp clean/sums.py issue/
cp clean/sums.py broken/
printf 'def broken(:\n    pass\n' >broken/broken.py
printf 'x = "\377"\n' >broken/latin.py
printf 'import subprocess  # nosec B404\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)  # nosec\n' \
  >silenced/run.py

cp issue/run.py configured/
printf '[bandit]\nskips = B404,B602\n' >configured/.bandit

printf '# Bandit reports\n\nMade by `make.sh` with bandit %s, in `%s`.\n\n' "$version" "$work" >"$here/README.md"
printf '| report | command | exit code |\n|---|---|---|\n' >>"$here/README.md"

make() { # name, arguments of bandit
  name=$1
  shift
  uvx --quiet --from "bandit==$version" bandit -q -f json -o "$here/$name.json" "$@"
  printf '| `%s.json` | `bandit -q -f json %s` | %s |\n' "$name" "$*" "$?" >>"$here/README.md"
}

make clean --ignore-nosec -r clean
make issue --ignore-nosec -r issue
make dotted --ignore-nosec -r ./issue
make absolute --ignore-nosec -r "$work/issue"
make syntax-error --ignore-nosec -r broken
make empty-folder --ignore-nosec -r empty
make missing-folder --ignore-nosec -r missing
make nosec-obeyed -r silenced
make nosec-ignored --ignore-nosec -r silenced
make severity-level --ignore-nosec -r issue -lll
make confidence-level --ignore-nosec -r issue -iii
make configured --ignore-nosec -r configured
make configured-overridden --ignore-nosec --ini /dev/null -r configured
cp "$here/issue.json" baseline.json
make baseline --ignore-nosec -r issue -b baseline.json
rm -rf "$work"
