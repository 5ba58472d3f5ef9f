"""What the gate's infrastructure says about the run task is what the run task's code says about itself."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from clearance import policy
from clearance.readers import READERS
from clearance.runtask.compose import CHECKS
from clearance.runtask.nouns import Limits
from clearance.runtask.request import RunStage
from clearance.runtask.store import MOST_ATTEMPTS, Ending
from tests.infra.hcl_values import GATE, GITHUB, TERRAFORM_CLOUD, block, locals_of

REPOSITORY = Path(__file__).parents[2]
RUNTASK = REPOSITORY / "clearance" / "runtask"
WORKFLOWS = REPOSITORY / ".github" / "workflows"
RECIPE = (GATE / "Dockerfile").read_text()
PREFIX = "CLEARANCE_RUNTASK_"
# What the image brings along, and what may never lie in a function's environment.
NOT_GIVEN = {f"{PREFIX}PROJECT", f"{PREFIX}CHECKOV_PYTHON", f"{PREFIX}CANARY_TOKEN"}


@pytest.fixture(scope="module")
def code():
    """The functions of the modules that read the environment on AWS, by name."""
    trees = [ast.parse((RUNTASK / f"{name}.py").read_text()) for name in ("aws", "aws_worker", "compose")]
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def read_by(code, entry):
    """The variables that a function reads, itself or through functions that it names."""
    names, waiting = set(), [entry]
    while waiting:
        name = waiting.pop()
        if name not in names and name in code:
            names.add(name)
            waiting += [node.id for node in ast.walk(code[name]) if isinstance(node, ast.Name)]
    nodes = [node for name in names for node in ast.walk(code[name])]
    whole = {
        node.slice.value for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    }
    asked = {
        PREFIX + node.args[1].value
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_said"
    }
    return {name for name in whole | asked if str(name).startswith(PREFIX)}


def given_to(function):
    """The variables that a function's environment has, also by way of the locals that it names."""
    text = str(block("module", function, GATE)["environment"])
    if "local.answering" in text:
        text += str(locals_of(GATE)["answering"])
    return set(re.findall(rf"{PREFIX}\w+", text))


@pytest.mark.parametrize("function", ["receiver", "worker", "undelivered"])
def test_functions_are_told_what_their_code_reads(code, function):
    """Each function's environment has the variables that its handler reads, and no other; none is a secret."""
    entry = block("module", function, GATE)["handler"].rpartition(".")[2]
    assert read_by(code, entry) - NOT_GIVEN == given_to(function)


@pytest.mark.parametrize("function", ["receiver", "worker", "undelivered"])
def test_handlers_are_there(function):
    """Each handler is a function of the module that its name says."""
    module, _, name = block("module", function, GATE)["handler"].rpartition(".")
    tree = ast.parse((REPOSITORY / f"{module.replace('.', '/')}.py").read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_table_is_the_store_s():
    """The table has the key and the time to live that the store uses, and the worker may do what the store does."""
    table, store = block("resource", "aws_dynamodb_table.state", GATE), (RUNTASK / "dynamodb.py").read_text()
    assert {table["hash_key"]} == set(re.findall(r'Key=\{"(\w+)"', store))
    assert f"{table['ttl'][0]['attribute_name']} = :expires" in store
    [allowed] = block("data", "aws_iam_policy_document.state", GATE)["statement"]
    called = {f"dynamodb:{name.title().replace('_', '')}" for name in re.findall(r"_client\.(\w+)\(", store)}
    assert called == set(allowed["actions"])


def test_the_alarms_know_how_tasks_end():
    """The log filters look for the words with which the worker says how a task ended, each of them once."""
    looked_for = re.findall(r", ([a-z ]+)", "".join(locals_of(GATE)["endings"].values()))
    assert sorted(ending.value for ending in Ending) == sorted(looked_for)
    assert '"%s: %s of %s %s, %s"' in (RUNTASK / "work.py").read_text()


def test_the_queue_gives_a_task_to_as_many_workers_as_the_store():
    """After so many attempts the store answers without looking, and the queue hands over."""
    redrive = block("resource", "aws_sqs_queue.requests", GATE)["redrive_policy"]
    assert [str(MOST_ATTEMPTS)] == re.findall(r"maxReceiveCount\W+(\d+)", redrive)


def test_who_takes_over_speaks_up_in_time():
    """A dead worker's request comes back once its lease is over, and early enough to end the silence."""
    size = (GATE / "variables.tf").read_text()
    [seconds] = re.findall(r"timeout_s +\= optional\(number, (\d+)\)", size)
    back = timedelta(seconds=int(seconds) + 30)
    assert Limits().lease < back < Limits().silence - Limits().heartbeat
    assert timedelta(seconds=120) <= Limits().heartbeat


def test_every_stage_is_registered():
    """The run task is asked at all four stages, and holds a run at each at which it can be held."""
    tasks = str(locals_of(TERRAFORM_CLOUD)["tasks"])
    assert {stage.value for stage in RunStage} == set(re.findall(r"(?:pre|post)_\w+", tasks))
    [held, advised] = re.findall(r"(mandatory|advisory)(.*?)(?=advisory|$)", tasks, flags=re.DOTALL)
    assert ("mandatory", False) == (held[0], "post_apply" in held[1])
    assert ("advisory", True) == (advised[0], "post_apply" in advised[1])


def test_the_workspace_works_where_the_service_is():
    """The workspace's working folder is there, and nobody applies by hand what was planned on pull requests."""
    workspace = block("resource", "tfe_workspace.service", TERRAFORM_CLOUD)
    assert (REPOSITORY / workspace["working_directory"] / "terraform.tf").is_file()
    assert (False, False) == (workspace["auto_apply"], workspace["allow_destroy_plan"])


def test_the_key_is_in_no_state():
    """The HMAC key is given write-only, with a version, and never as the argument that is kept."""
    task = block("resource", "tfe_organization_run_task.this", TERRAFORM_CLOUD)
    assert {"hmac_key_wo", "hmac_key_wo_version"} == {name for name in task if name.startswith("hmac")}
    assert (True, True) == tuple(
        block("variable", "hmac_key", TERRAFORM_CLOUD)[mark] for mark in ("ephemeral", "sensitive")
    )


def test_the_ruleset_asks_for_the_job_that_judges():
    """The required checks are jobs of the workflows, from GitHub's own app, and nobody is above them."""
    ruleset = block("resource", "github_repository_ruleset.protected", GITHUB)
    gate, called = ((WORKFLOWS / f"{name}.yml").read_text() for name in ("gate", "clearance"))
    required = block("variable", "required_checks", GITHUB)["default"]
    jobs = {f"gate / {name}" for name in re.findall(r"^    name: (\w+)$", called, flags=re.MULTILINE)}
    jobs |= set(re.findall(r"^    name: (\w+)$", gate, flags=re.MULTILINE))
    assert set() == set(required) - jobs
    assert 15368 == locals_of(GITHUB)["github_actions"]
    assert "bypass_actors" not in ruleset


def test_the_signing_job_finds_what_it_needs():
    """The environment of the workflow is made, and each variable that it reads but the one that is a choice."""
    workflow = (WORKFLOWS / "attest.yml").read_text()
    made = set(block("resource", "github_actions_variable.clearance", GITHUB)["for_each"])
    assert set(re.findall(r"vars\.(\w+)", workflow)) - {"CLEARANCE_REF"} == made
    assert f"environment: {block('variable', 'environment', GITHUB)['default']} " in workflow


def receiver_s_zip(folder, **environ):
    """The receiver's zip as the bootstrap page has it made, of a commit of the files as they are."""
    page = (REPOSITORY / "docs" / "how-to" / "bootstrap.md").read_text()
    [command] = re.findall(r"^.*git archive --format=zip (?:.*\\\n)*.*$", page, flags=re.MULTILINE)
    for file in re.findall(r"clearance/[\w/]+\.py", command):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / file, folder / file)
    moment = {f"GIT_{who}_DATE": "2026-11-24T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    person = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    commit = "git init -q -b main && git add . && git -c commit.gpgsign=false commit -q -m x"
    env = {**os.environ, **moment, **person, **environ}
    subprocess.run(["sh", "-ec", f"{commit}\n{command}"], cwd=folder, env=env, check=True)
    return folder / "receiver.zip"


def test_the_receiver_s_zip_is_whole(tmp_path):
    """What the bootstrap page puts into the zip starts on Python's own library, and no file is there for nothing."""
    packed = receiver_s_zip(tmp_path)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import clearance.runtask.aws; print(*sys.modules)"
    words = [sys.executable, "-I", "-S", "-c", code, str(packed)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] == "clearance"}
    files = zipfile.ZipFile(packed).namelist()
    named = {name.removesuffix(".py").removesuffix("/__init__") for name in files if not name.endswith("/")}
    assert loaded == {name.replace("/", ".") for name in named}


def test_the_receiver_s_zip_is_the_same_everywhere(tmp_path):
    """Of one commit the page's command makes the same bytes, whatever the time zone and the folder."""
    packed = []
    for zone in ("UTC", "Asia/Tokyo"):
        (tmp_path / zone).mkdir(parents=True)
        packed.append(receiver_s_zip(tmp_path / zone, TZ=zone).read_bytes())
    assert packed[0] == packed[1]


@pytest.fixture
def image(tmp_path):
    """What the image's recipe takes over from a commit."""
    for words in re.findall(r"^COPY (?!--from)(.+)$", RECIPE, flags=re.MULTILINE):
        *names, target = words.split()
        for source in (each for name in names for each in REPOSITORY.glob(name)):
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, tmp_path / target, ignore=ignored, dirs_exist_ok=True)
            else:
                (tmp_path / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, tmp_path / target)
    return tmp_path


def test_the_image_has_the_policy_and_all_that_it_names(image):
    """In the image the policy is read with the digest that it has in the repository, and our own checks are there."""

    def digest(root):
        text = (root / "clearance.toml").read_bytes()
        return policy.parse(text, readers=READERS, read=lambda path: (root / path).read_bytes()).digest

    def checks(root):
        return {path.name for path in (root / CHECKS).glob("*.py")}

    assert (digest(REPOSITORY), checks(REPOSITORY)) == (digest(image), checks(image))


def test_the_image_has_nothing_else(image):
    """Neither tests nor documentation, nor the service, are in it."""
    files = {path.name for path in image.iterdir() if path.is_file()}
    assert {"clearance", "infra", "load", "security"} == {path.name for path in image.iterdir() if path.is_dir()}
    assert {"clearance.toml", "pyproject.toml", "uv.lock"} == files - {"clearance.keys.toml"}


def test_the_image_is_of_one_base():
    """Both stages are of the same base, which can be given by its digest alone."""
    bases = re.findall(r"^FROM (\S+)", RECIPE, flags=re.MULTILINE)
    assert ["public.ecr.aws/lambda/python@${BASE_DIGEST}"] * 2 == bases


def test_the_image_brings_what_is_not_given():
    """The image names Checkov's Python, and starts the worker unless told otherwise."""
    assert [f"{PREFIX}CHECKOV_PYTHON"] == re.findall(r"^ENV (CLEARANCE\w+)=", RECIPE, flags=re.MULTILINE)
    assert f'CMD ["{block("module", "worker", GATE)["handler"]}"]' in RECIPE


def test_only_the_protected_branch_may_sign():
    """The environment of the signing job is for one branch by its name, and AWS asks for that branch once more.

    A merge queue's are there only for who says so, and AWS then asks for the file that signs.
    """
    policy = block("resource", "github_repository_environment_deployment_policy.clearance", GITHUB)
    assert ("${var.branch}", False) == (policy["branch_pattern"], "for_each" in policy)
    [trust] = block("data", "aws_iam_policy_document.workflow_trust", GATE)["statement"]
    asked = {condition["variable"].rpartition(":")[2]: condition for condition in trust["condition"]}
    assert '${var.github.workflow == null ? "StringEquals" : "StringLike"}' == asked.pop("ref")["test"]
    assert {"StringEquals"} == {condition["test"] for condition in asked.values()}
    assert {"StringEquals"} == {more["content"][0]["test"] for each in trust["dynamic"] for more in each.values()}
    queue = block("resource", "github_repository_environment_deployment_policy.merge_groups", GITHUB)
    assert "${var.sign_merge_groups ? 1 : 0}" == queue["count"]
    assert "False" == str(block("variable", "sign_merge_groups", GITHUB)["default"])
    branch = [block("variable", name, root) for name, root in (("github", GATE), ("branch", GITHUB))]
    assert 'optional(string, "main")' in str(branch[0]["type"])
    assert "main" == branch[1]["default"]
