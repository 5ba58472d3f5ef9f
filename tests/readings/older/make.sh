#!/bin/sh
# Makes the reports of older versions of the tools anew: real runs over one planted fault each, with their exit codes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=/tmp/readings/older
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

mkdir -p app .github/workflows
printf 'import subprocess\n\n\ndef run(words):\n    return subprocess.call(words, shell=True)\n' >app/run.py
printf 'def broken(:\n' >app/broken.py
printf 'SELECT 1;\nCREATE INDEX by_tail ON flight (tailnum);\n' >0001.sql
printf 'SELECT (;\n' >0002.sql
printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n' \
  >.github/workflows/test.yml
head -c 18 /dev/urandom | base64 | sed 's/.*/api_key = "&"/' >app/settings.py # a new one each time

printf '# Reports of older versions\n\nMade by `make.sh` in `%s`: each tool over one planted fault.\n\n' "$work" >"$here/README.md"
printf '| report | package | command | exit code |\n|---|---|---|---|\n' >>"$here/README.md"

make() { # report, package with version, further uvx arguments, command
  report=$1 package=$2 with=$3
  shift 3
  if [ "${report##*.}" = txt ]; then
    uvx --quiet --from "$package" $with -- "$@" >"$here/$report" 2>&1 </dev/null
  else
    uvx --quiet --from "$package" $with -- "$@" >"$here/$report" 2>/dev/null </dev/null
  fi
  printf '| `%s` | `%s` | `%s` | %s |\n' "$report" "$package" "$*" "$?" >>"$here/README.md"
}

make bandit-1.6.json bandit==1.6.3 '--with setuptools<70 --with pbr' bandit -q -f json -r app
make bandit-1.7.json bandit==1.7.4 '--with setuptools<70 --with pbr' bandit -q -f json -r app
make detect-secrets-1.0.json detect-secrets==1.0.3 '' detect-secrets scan --all-files app
make squawk-1.0.txt squawk-cli==1.0.0 '' squawk --verbose --reporter Json 0001.sql 0002.sql
make zizmor-1.0.txt zizmor==1.0.0 '' zizmor --offline --format json .github/workflows/test.yml
make zizmor-1.12.txt zizmor==1.12.0 '' zizmor --offline --format json .github/workflows/test.yml
make zizmor-1.20.txt zizmor==1.20.0 '' zizmor --offline --format json .github/workflows/test.yml
rm -rf "$work"
