#!/bin/sh
# Makes the zizmor reports of this folder anew: real runs over planted workflows, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=1.32.0
work=/tmp/readings/zizmor
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

workflow() { # file, comment behind the action, action
  mkdir -p "$(dirname "$1")"
  printf 'name: test\non: [push]\npermissions: {}\nconcurrency:\n  group: test\n  cancel-in-progress: true\njobs:\n  test:\n    name: test\n    runs-on: ubuntu-24.04\n    steps:\n' >"$1"
  printf '      - uses: %s%s\n        with:\n          persist-credentials: false\n' "$3" "$2" >>"$1"
}
pinned=actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
workflow clean/.github/workflows/test.yml ' # v6.0.2' "$pinned"
workflow unpinned/.github/workflows/test.yml '' actions/checkout@v6
cp clean/.github/workflows/test.yml unpinned/.github/workflows/clean.yml
workflow ignored/.github/workflows/test.yml ' # zizmor: ignore[unpinned-uses]' actions/checkout@v6
workflow configured/.github/workflows/test.yml '' actions/checkout@v6
printf 'rules:\n  unpinned-uses:\n    disable: true\n' >configured/.github/zizmor.yml
workflow broken/.github/workflows/clean.yml ' # v6.0.2' "$pinned"
printf 'on: [push\n' >broken/.github/workflows/broken.yml
mkdir -p alone/.github/workflows empty/.github/workflows
cp broken/.github/workflows/broken.yml alone/.github/workflows/
full="--offline --no-progress --persona=auditor --format=json --no-ignores --no-config"

printf '# zizmor reports\n\nMade by `make.sh` with zizmor %s, in `%s`; both streams are the report. `FULL` is\n`%s`.\n\n' \
  "$version" "$work" "$full" >"$here/README.md"
printf '| report | command | exit code |\n|---|---|---|\n' >>"$here/README.md"

make() { # name, folder, arguments of zizmor
  name=$1 folder=$2
  shift 2
  (cd "$folder" && RUST_BACKTRACE=0 uvx --quiet --from "zizmor==$version" zizmor "$@" >"$here/$name.txt" 2>&1)
  code=$?
  line=$(printf '%s' "zizmor $*" | sed "s|$full|FULL|")
  printf '| `%s.txt` | in `%s`: `%s` | %s |\n' "$name" "$folder" "$line" "$code" >>"$here/README.md"
}

make clean clean $full .github
make unpinned unpinned $full .github
make absolute unpinned $full "$work/unpinned/.github"
make ignored-obeyed ignored --offline --no-progress --persona=auditor --format=json .github
make ignored-overridden ignored $full .github
make configured configured --offline --no-progress --persona=auditor --format=json .
make configured-overridden configured $full .
make broken broken $full .github
make broken-strict broken $full --strict-collection .github
make broken-alone alone $full .github
make empty-folder empty $full .github
make missing-folder empty $full missing
make quiet clean $full --quiet .github
rm -rf "$work"
