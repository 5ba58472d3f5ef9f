"""The checks of a first policy: one function a tool, from what was found to its table in `clearance.toml`."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.policy.starter import Block, Facts, Line, Load, Scan, Suite, Tool

_RUN = "the tool's own command; {report} is where it must leave its report"
_KEPT = "the evidence is kept while none of these files changes: name whatever else it depends on"
_COVERS = "the tool lists what it read, and each of the inputs must be in that list"

_BANDIT = ("bandit", "--ignore-nosec", "--ini", "/dev/null", "-r")
_CHECKOV = """
out=$(realpath "$1"); shift; for folder; do shift; set -- "$@" --directory="$(realpath "$folder")"; done
cd "$TMPDIR" && code=0 && HOME=$TMPDIR LOG_LEVEL=WARNING checkov --framework=terraform --skip-download --output=json \\
  --output-file-path="$out" "$@" >/dev/null 2>"$out/checkov.log" || code=$?
echo "checkov ended with exit code $code" >>"$out/checkov.log"
"""
_SQUAWK = 'exec squawk --verbose --reporter json --config /dev/null "$@" 2>&1'
_ZIZMOR = "exec zizmor --offline --no-ignores --no-config --no-progress --color=never --format=json .github 2>&1"


def blocks(facts: Facts) -> tuple[Block, ...]:
    """Make a check of each thing that was found."""
    return tuple(_blocks(facts))


def _blocks(facts: Facts) -> Iterator[Block]:
    for suite in facts.suites:
        yield _suite(suite)
    if facts.code:
        yield _bandit(facts.code)
    if facts.terraform:
        yield _checkov(facts.terraform)
    if facts.migrations:
        yield _squawk(facts.migrations)
    if facts.workflows:
        yield _zizmor(facts.workflows)
    if facts.load:
        yield _load(facts.load)


def _suite(suite: Suite) -> Block:
    scenarios = suite.unit == "scenarios"
    start = ("python", "-m", "pytest") if suite.tool.group or not suite.tool.program else (suite.tool.program,)
    ignored = tuple(f"--ignore={path}" for path in suite.ignored)
    run = (*start, *map(_given, suite.paths), *ignored, "-q", "-p", "no:cacheprovider", "--junit-xml={report}")
    read = "scenarios" if scenarios else "junit"
    why = {
        "junit": "reads JUnit's XML: each test, and what came of it",
        "scenarios": "reads JUnit's XML beside the .feature files: what is declared there must have run",
    }[read]
    path = {"PYTHONPATH": suite.python_path}
    return Block(
        name=suite.name,
        what=f"The {suite.unit} that pytest runs.",
        tool=suite.tool,
        lines=(
            Line(key="run", value=run, why=_RUN),
            *_source(suite.tool),
            Line(key="env", value=path, why="where Python finds the code under test"),
            Line(key="report", value=f"{suite.name}.xml", why="the file that the command leaves"),
            Line(key="reader", value=read, why=why),
            Line(key="inputs", value=suite.inputs, why=_KEPT),
            *(
                [Line(key="config", value=suite.config, why="what sets pytest up: part of the policy")]
                * bool(suite.config)
            ),
            _reach(suite.count, suite.unit),
            Line(key="timeout_s", value=600, why="after this it is killed, and UNKNOWN"),
        ),
    )


def _bandit(scan: Scan) -> Block:
    run = (_program(scan.tool, "bandit"), *_BANDIT[1:], *map(_given, scan.paths), "-f", "json", "-o", "{report}")
    return Block(
        name="bandit",
        what="What Bandit says of the code's security. Comments (nosec) and configurations hide nothing from it.",
        tool=scan.tool,
        lines=(
            Line(key="run", value=run, why=_RUN),
            *_source(scan.tool),
            Line(key="report", value="bandit.json", why="the file that the command leaves"),
            Line(key="reader", value="bandit", why="reads Bandit's JSON: what it read, could not read, and found"),
            Line(key="inputs", value=scan.inputs, why="the files that it must read"),
            Line(key="covers", value="inputs", why=_COVERS),
            Line(key="block_at", value="medium", why="what counts: info, low, medium, high or critical, and all above"),
            _reach(scan.count, scan.unit),
        ),
    )


def _checkov(scan: Scan) -> Block:
    return Block(
        name="checkov",
        what="What Checkov says of the Terraform. It runs in an empty folder: no .checkov.yaml hides anything.",
        tool=scan.tool,
        lines=(
            Line(key="run", value=("sh", "-c", _CHECKOV, "sh", "{reports}", *scan.paths), why=_RUN),
            *_source(scan.tool),
            Line(
                key="reports",
                value={"results_json.json": "checkov", "checkov.log": "checkov-log"},
                why="its results, and its log, which alone tells of checks that broke",
            ),
            Line(key="inputs", value=scan.inputs, why=_KEPT),
            Line(
                key="reach", value=scan.count, why="resources: one at least in each file that had some on the first day"
            ),
            Line(key="timeout_s", value=300, why="after this it is killed, and UNKNOWN"),
        ),
    )


def _squawk(scan: Scan) -> Block:
    return Block(
        name="migrations",
        what="What squawk says of the migrations: locks, and what would break who still runs. For PostgreSQL alone.",
        tool=scan.tool,
        lines=(
            Line(key="run", value=("sh", "-c", _SQUAWK, "sh", *scan.paths), why=_RUN),
            *_source(scan.tool),
            *_printed("squawk"),
            Line(key="inputs", value=scan.inputs, why="the files that it must read"),
            Line(key="covers", value="inputs", why=_COVERS),
            _reach(scan.count, scan.unit),
        ),
    )


def _zizmor(scan: Scan) -> Block:
    return Block(
        name="workflows",
        what="What zizmor says of the GitHub workflows' security. Comments and configurations hide nothing from it.",
        tool=scan.tool,
        lines=(
            Line(key="run", value=("sh", "-c", _ZIZMOR), why=_RUN),
            *_source(scan.tool),
            *_printed("zizmor"),
            Line(key="inputs", value=scan.inputs, why="the files that it must read"),
            Line(key="covers", value="inputs", why=_COVERS),
            _reach(scan.count, scan.unit),
        ),
    )


def _load(load: Load) -> Block:
    run = (
        *(_program(load.tool, "locust"), "-f", load.file, "--headless", "--arrivals", "constant:20"),
        *("--run-time", "60s", "--warm-up", "5s", "--recording", "{report}"),
    )
    return Block(
        name="load",
        what="A minute of load, 20 arrivals a second, on the service at LOCUST_HOST: `clearance run --stage live`.",
        tool=load.tool,
        lines=(
            Line(key="run", value=run, why=f"{load.file} needs one line for it: import clearance.load"),
            *_source(load.tool),
            Line(key="report", value="load.zip", why="the recording: every sample"),
            Line(key="reader", value="load", why="reads it, and measures it against the SLO file"),
            Line(key="slo", value=load.slo, why="how good the service must be"),
            Line(key="inputs", value=load.inputs, why=_KEPT),
            Line(key="env_from", value=("LOCUST_HOST",), why="what the caller passes in: where the service is"),
            Line(key="stage", value="live", why="asked of what runs somewhere, not of each change"),
            Line(key="exclusive", value=True, why="alone on the machine: who shares it measures the others"),
            Line(key="cache", value=False, why="measured anew each time: what runs there changes by itself"),
            Line(key="reach", value=1000, why="requests: 20 a second for a minute are 1,200"),
            Line(key="timeout_s", value=180, why="after this it is killed, and UNKNOWN"),
        ),
    )


def _given(path: str) -> str:
    """A path that no tool takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def _program(tool: Tool, name: str) -> str:
    return tool.program or name


def _source(tool: Tool) -> Iterator[Line]:
    """Say where a tool comes from; one that is not here is to come from a group of its own, where there is a lock."""
    group = tool.group or (tool.package if tool.locked and not tool.there else None)
    if group is not None:
        yield Line(key="group", value=group, why="the dependency group that it is installed from, as uv.lock has it")
        if tool.with_project:
            yield Line(key="project", value=True, why="with the project and what it depends on beside it")


def _printed(name: str) -> tuple[Line, ...]:
    return (
        Line(key="report", value=f"{name}.txt", why="the file that is read ..."),
        Line(key="stdout", value=f"{name}.txt", why="... and that is what the command prints"),
        Line(key="reader", value=name, why=f"reads {name}'s log and findings"),
    )


def _reach(count: int, unit: str) -> Line:
    return Line(
        key="reach",
        value=max(count, 1),
        why=f"{unit} that were there on the first day: fewer are UNKNOWN. Raise it as they grow",
    )
