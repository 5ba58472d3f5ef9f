#!/bin/sh
# Makes the squawk reports of this folder anew: real runs over planted migrations, each with its command and exit code.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=2.70.0
work=/tmp/readings/squawk
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

limits="SET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '60s';\n"
mkdir -p clean locks broken line file configured
printf "${limits}ALTER TABLE flight ADD COLUMN IF NOT EXISTS note text;\n" >clean/0001.sql
printf '' >clean/0002.sql
printf 'ALTER TABLE flight ALTER COLUMN flight TYPE bigint;\nCREATE INDEX by_tail ON flight (tailnum);\n' >locks/0002.sql
cp clean/0001.sql locks/
printf "${limits}CREATE TABLE t (id bigint\n" >broken/0002.sql
cp clean/0001.sql broken/
printf "${limits}-- squawk-ignore ban-drop-column\nALTER TABLE flight DROP COLUMN IF EXISTS note;\n" >line/0001.sql
printf -- '-- squawk-ignore-file\nALTER TABLE flight DROP COLUMN note;\n' >file/0001.sql
printf "${limits}ALTER TABLE flight DROP COLUMN IF EXISTS note;\n" >configured/0001.sql
cp locks/0002.sql configured/
printf 'excluded_rules = ["ban-drop-column"]\nexcluded_paths = ["0002.sql"]\n' >configured/.squawk.toml

printf '# squawk reports\n\nMade by `make.sh` with squawk-cli %s, in `%s`; both streams are the report. `FULL` is\n`--verbose --reporter json --assume-in-transaction --config /dev/null`.\n\n' \
  "$version" "$work" >"$here/README.md"
printf '| report | command | exit code |\n|---|---|---|\n' >>"$here/README.md"
full="--verbose --reporter json --assume-in-transaction --config /dev/null"

make() { # name, folder, arguments of squawk
  name=$1 folder=$2
  shift 2
  (cd "$folder" && uvx --quiet --from "squawk-cli==$version" squawk "$@" >"$here/$name.txt" 2>&1 </dev/null)
  code=$?
  line=$(printf '%s' "squawk $*" | sed "s|$full|FULL|")
  printf '| `%s.txt` | in `%s`: `%s` | %s |\n' "$name" "$folder" "$line" "$code" >>"$here/README.md"
}

make clean . $full clean/0001.sql clean/0002.sql
make locks . $full locks/0001.sql locks/0002.sql
make absolute . $full "$work/locks/0001.sql" "$work/locks/0002.sql"
make broken . $full broken/0001.sql broken/0002.sql
make no-file . $full
make unmatched . $full 'none/*.sql'
make unmatched-allowed . $full --no-error-on-unmatched-pattern 'none/*.sql'
make ignored-line . $full line/0001.sql
make ignored-file . $full file/0001.sql
make configured configured --verbose --reporter json --assume-in-transaction 0001.sql 0002.sql
make configured-overridden configured $full 0001.sql 0002.sql
make excluded . $full --exclude changing-column-type,require-concurrent-index-creation,prefer-robust-stmts,require-lock-timeout,require-statement-timeout locks/0002.sql
make no-configuration . --verbose --reporter json --config none.toml clean/0001.sql
uvx --quiet --from "squawk-cli==$version" squawk --reporter json clean/0001.sql >"$here/no-log.txt"
printf '| `no-log.txt` | in `.`: `squawk --reporter json clean/0001.sql` | %s |\n' "$?" >>"$here/README.md"
rm -rf "$work"
