#!/bin/sh
# Makes the ruff reports of this folder anew: the list of files and the SARIF log of real runs, with the exit code of the latter.
set -u
here=$(cd "$(dirname "$0")" && pwd)
version=0.17.6
work=/tmp/readings/ruff
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 2

project() { # name: a folder with something to find, and its configuration on standard input
  mkdir -p "$1/app"
  printf 'def add(a: int, b: int) -> int:\n    return a + b\n' >"$1/app/sums.py"
  printf 'import os\n' >"$1/app/unused.py"
  cat >"$1/pyproject.toml"
}
plain='[tool.ruff]\nlint.select = ["E", "F"]\n'
printf "$plain" | project issue
printf "$plain" | project clean && rm clean/app/unused.py
printf "$plain" | project broken && printf 'def broken(:\n' >broken/app/broken.py
printf "$plain" | project empty && rm -r empty/app && mkdir empty/app
printf "$plain" | project noqa && printf 'import os  # noqa\n' >noqa/app/unused.py
printf "$plain" | project file-noqa && printf '# ruff: noqa\nimport os\n' >file-noqa/app/unused.py
printf "$plain" | project range && printf '# ruff: disable[F401]\nimport os\n# ruff: enable[F401]\n' >range/app/unused.py
printf '[tool.ruff]\nlint.select = ["E", "F"]\nexclude = ["unused.py"]\n' | project exclude
printf '[tool.ruff]\nlint.select = ["E", "F"]\nextend-exclude = ["app/unused.py"]\n' | project extend-exclude
printf "$plain" | project gitignored && printf 'unused.py\n' >gitignored/.gitignore && git init -q gitignored
printf "$plain" | project nested && printf 'lint.select = ["W"]\n' >nested/app/ruff.toml
printf '[tool.ruff]\nlint.select = ["E", "F"]\nlint.per-file-ignores = { "app/unused.py" = ["ALL"] }\n' | project per-file
printf '[tool.ruff]\nlint.select = ["E", "F"]\nlint.exclude = ["app/unused.py"]\n' | project lint-exclude

cat >"$here/README.md" <<END
# ruff reports

Made by \`make.sh\` with ruff $version, in \`$work/CASE\`: \`files.txt\` is what \`--show-files\` prints with the same options
(\`--ignore-noqa\` aside, which it refuses), \`ruff.sarif\` the log of the command.
\`FULL\` is \`--no-cache --ignore-noqa --config pyproject.toml\`.

| case | situation | command | exit code |
|---|---|---|---|
END

make() { # name, situation, project, options as shown, path
  name=$1 situation=$2 shown=$4
  options=$(printf '%s' "$4" | sed 's/FULL/--no-cache --ignore-noqa --config pyproject.toml/')
  mkdir -p "$here/$name" && cd "$work/$3" || exit 2
  # shellcheck disable=SC2086
  {
    uvx --quiet "ruff@$version" check --show-files $(echo "$options" | sed 's/--ignore-noqa//') "$5" >"$here/$name/files.txt"
    uvx --quiet "ruff@$version" check --output-format sarif $options "$5" >"$here/$name/ruff.sarif" 2>/dev/null
  }
  printf '| `%s` | %s | in `%s`: `ruff check --output-format sarif %s %s` | %s |\n' \
    "$name" "$situation" "$3" "$shown" "$5" "$?" >>"$here/README.md"
}

make clean "nothing to object to" clean FULL app
make issue "an unused import" issue FULL app
make syntax-error "a file that does not parse" broken FULL app
make empty-folder "an empty folder" empty FULL app
make missing-folder "a folder that is not there" issue FULL missing
make noqa-obeyed "a \`noqa\` comment, obeyed" noqa "--no-cache --config pyproject.toml" app
make noqa-overridden "a \`noqa\` comment, overridden" noqa FULL app
make file-noqa-overridden "\`ruff: noqa\` for a whole file, overridden" file-noqa FULL app
make range-overridden "\`ruff: disable\` for some lines, overridden" range FULL app
make exclude "\`exclude\` in the configuration" exclude FULL app
make extend-exclude "\`extend-exclude\` in the configuration" extend-exclude FULL app
make gitignored "a file that git ignores" gitignored FULL app
make nested-obeyed "a \`ruff.toml\` in the folder, obeyed" nested "--no-cache --ignore-noqa" app
make nested-overridden "the same, overridden" nested FULL app
make per-file-ignores "\`per-file-ignores\` in the configuration" per-file FULL app
make lint-exclude "\`lint.exclude\` in the configuration" lint-exclude FULL app
rm -rf "$work"
