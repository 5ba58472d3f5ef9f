#!/bin/sh
# Makes the SARIF logs of this folder anew: real runs of three tools over planted files, with command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=/tmp/readings/sarif
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

mkdir -p clean "issue/a folder" broken empty .github/workflows
printf 'def add(a: int, b: int) -> int:\n    return a + b\n' >clean/sums.py
printf 'import os\n\n\ndef run(command):\n    return eval(command)\n' >"issue/a folder/run#1.py"
printf 'def broken(:\n    pass\n' >broken/broken.py
printf 'x = "\377"\n' >broken/latin.py
printf 'on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n' \
  >.github/workflows/build.yml
printf '      - run: echo ${{ github.event.head_commit.message }}\n' >>.github/workflows/build.yml
printf 'import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n' >issue/shell.py

printf '# SARIF logs\n\nMade by `make.sh` in `%s`.\n\n' "$work" >"$here/README.md"
printf '| log | package | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

make() { # name, package, arguments; the tool writes to stdout
  name=$1 package=$2
  shift 2
  uvx --quiet --from "$package" "$@" >"$here/$name.sarif"
  printf '| `%s.sarif` | `%s` | `%s` | %s |\n' "$name" "$package" "$*" "$?" >>"$here/README.md"
}

ruff="ruff check --isolated --no-cache --select E,F,S --output-format sarif"
make ruff-clean ruff==0.17.6 $ruff clean
make ruff-issue ruff==0.17.6 $ruff issue
make ruff-syntax-error ruff==0.17.6 $ruff broken
make ruff-empty-folder ruff==0.17.6 $ruff empty
make ruff-missing-folder ruff==0.17.6 $ruff missing
make bandit-issue "bandit[sarif]==1.9.4" bandit -q -f sarif -r issue
make bandit-syntax-error "bandit[sarif]==1.9.4" bandit -q -f sarif -r broken
make bandit-missing-folder "bandit[sarif]==1.9.4" bandit -q -f sarif -r missing
make zizmor-issue zizmor==1.32.0 zizmor --offline --no-config --format sarif .
rm -rf "$work"
