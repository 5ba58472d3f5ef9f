#!/bin/sh
# Makes the CycloneDX bills of this folder anew: real runs over planted requirements, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=7.5.0
work=/tmp/readings/cyclonedx
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

printf '[project]\nname = "planted"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["rich==15.0.0"]\n' >pyproject.toml
uv lock --quiet && cp uv.lock "$here/uv.lock"
uv export --quiet --frozen --no-emit-project --no-hashes --output-file whole.txt >/dev/null
grep -v '^markdown-it-py' whole.txt >part.txt
sed 's/^rich==.*/rich==14.0.0/' whole.txt >other.txt
sed 's/^rich==.*/rich/' whole.txt >loose.txt
: >nothing.txt

printf '# CycloneDX bills\n\nMade by `make.sh` with cyclonedx-bom %s, in `%s`; `uv.lock` locks rich and what it needs.\n\n' \
  "$version" "$work" >"$here/README.md"
printf '| report | command | exit code |\n|---|---|---|\n' >>"$here/README.md"

make() { # name, arguments of cyclonedx-py
  name=$1
  shift
  rm -f "$here/$name.json"
  uvx --quiet --from "cyclonedx-bom==$version" cyclonedx-py "$@" -o "$here/$name.json" >"$work/said" 2>&1
  printf '| `%s.json` | `cyclonedx-py %s` | %s |\n' "$name" "$*" "$?" >>"$here/README.md"
}

make whole requirements whole.txt --output-reproducible
make version-1.5 requirements whole.txt --output-reproducible --spec-version 1.5
make version-1.3 requirements whole.txt --output-reproducible --spec-version 1.3
make part requirements part.txt --output-reproducible
make other requirements other.txt --output-reproducible
make loose requirements loose.txt --output-reproducible
make nothing requirements nothing.txt --output-reproducible
command="uv export --frozen --no-emit-project --format cyclonedx1.5 --preview-features sbom-export"
$command --quiet --output-file "$here/uv.json" >/dev/null
printf '| `uv.json` | `%s` (%s) | %s |\n' "$command" "$(uv --version | cut -d' ' -f1-2)" "$?" >>"$here/README.md"
rm -rf "$work"
