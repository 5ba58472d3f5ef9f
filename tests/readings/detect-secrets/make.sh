#!/bin/sh
# Makes the detect-secrets reports of this folder anew: real runs over planted files, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=1.5.0
work=/tmp/readings/detect-secrets
allowlist=detect_secrets.filters.allowlist.is_line_allowlisted
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

# The planted secrets are put together here, so that no scan of this repository finds them in this script.
key=AKIA$(printf 'IOSFODNN7EXAMPLE')
word=$(printf 'hunt%s' 'er2-correct-horse')
mkdir -p clean issue allowed binary extension empty
printf 'def add(a, b):\n    return a + b\n' >clean/sums.py
printf '' >clean/__init__.py
cp clean/sums.py issue/
printf 'region = "eu-central-1"\naws_key = "%s"\npassword = "%s"\n' "$key" "$word" >issue/settings.py
printf 'password = "%s"  # pragma: allowlist %s\n' "$word" secret >allowed/settings.py
printf 'password = "%s"  # caf\351\n' "$word" >binary/latin.py
printf 'password = "%s"\n' "$word" >extension/theme.css
cp "$here/../../../security/secrets/witness.py" .

printf '# detect-secrets reports\n\nMade by `make.sh` with detect-secrets %s, in `%s`, which is no git repository. `ALLOW` is\n`--disable-filter %s`.\n\n' \
  "$version" "$work" "$allowlist" >"$here/README.md"
printf '| report | command | exit code |\n|---|---|---|\n' >>"$here/README.md"

make() { # name, arguments of detect-secrets
  name=$1
  shift
  uvx --quiet --from "detect-secrets==$version" detect-secrets "$@" >"$here/$name.json" 2>"$work/said"
  code=$?
  line=$(printf '%s' "detect-secrets $*" | sed "s|--disable-filter $allowlist|ALLOW|")
  printf '| `%s.json` | `%s` | %s |\n' "$name" "$line" "$code" >>"$here/README.md"
}
full="--no-verify --all-files --plugin witness.py --disable-filter $allowlist"

make clean scan $full clean
make issue scan $full issue
make absolute scan $full "$work/issue"
make no-witness scan --no-verify --all-files --disable-filter "$allowlist" clean
make outside-git scan --no-verify --plugin witness.py --disable-filter "$allowlist" issue
make empty-folder scan $full empty
make missing-folder scan $full missing
make not-utf-8 scan $full binary
make extension scan $full extension
make allowlist-obeyed scan --no-verify --all-files --plugin witness.py allowed
make allowlist-overridden scan $full allowed
make exclude-files scan $full --exclude-files settings issue
make exclude-lines scan $full --exclude-lines password issue
make exclude-secrets scan $full --exclude-secrets horse issue
make detector-disabled scan $full --disable-plugin KeywordDetector --disable-plugin AWSKeyDetector issue
make entropy-limit scan $full --base64-limit 8 issue
make verified scan --all-files --plugin witness.py --disable-filter "$allowlist" clean
cp "$here/issue.json" baseline.json
uvx --quiet --from "detect-secrets==$version" detect-secrets-hook --json --baseline baseline.json issue/settings.py \
  >"$here/hook-baseline.json"
printf '| `hook-baseline.json` | `detect-secrets-hook --json --baseline baseline.json issue/settings.py` | %s |\n' "$?" \
  >>"$here/README.md"
rm -rf "$work"
