"""A small service with planted faults, and three kinds of nothing, as folders to be judged by us and by peers.

Here stand the files; who judges them stands elsewhere. The service is a Lambda of two files, twelve Terraform
resources, one workflow and one migration.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import ROOT, SpoiltError, run

HANDLER = '''"""Answers orders."""

import hashlib
import json
import subprocess

from app import db


def handler(event, context):
    """Look an order up, and make a thumbnail of it."""
    name = event["queryStringParameters"]["name"]
    subprocess.call("convert " + name + " /tmp/thumb.png", shell=True)
    tag = hashlib.md5(name.encode()).hexdigest()
    return {"statusCode": 200, "body": json.dumps({"tag": tag, "rows": db.orders(name)})}
'''

# The key is in two pieces, so that nobody takes it for a secret of this repository.
DATABASE = f'''"""Orders, in Postgres."""

import pickle

KEY = "AKIA{"Z7Q2M4X6B3C5D8F1"}"


def orders(name):
    """Find the orders of a customer."""
    return query("SELECT * FROM orders WHERE name = '%s'" % name)


def query(statement):
    """Run a statement."""
    return pickle.loads(eval("fetch")(statement))
'''

INFRASTRUCTURE = """resource "aws_db_instance" "orders" {
  engine              = "postgres"
  instance_class      = "db.t4g.micro"
  allocated_storage   = 20
  username            = "orders"
  publicly_accessible = true
  skip_final_snapshot = true
}

resource "aws_security_group" "database" {
  name = "database"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_s3_bucket" "thumbnails" {
  bucket = "thumbnails"
}

resource "aws_s3_bucket_acl" "thumbnails" {
  bucket = aws_s3_bucket.thumbnails.id
  acl    = "public-read"
}

resource "aws_iam_role" "service" {
  name               = "service"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "service" {
  role = aws_iam_role.service.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}

resource "aws_lambda_function" "service" {
  function_name = "service"
  role          = aws_iam_role.service.arn
  filename      = "service.zip"
  handler       = "app.handler.handler"
  runtime       = "python3.11"
}

resource "aws_apigatewayv2_api" "service" {
  name          = "service"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_route" "service" {
  api_id    = aws_apigatewayv2_api.service.id
  route_key = "GET /orders"
}

resource "aws_cloudwatch_log_group" "service" {
  name = "/aws/lambda/service"
}

resource "aws_kms_key" "service" {
  description = "service"
}

resource "aws_apigatewayv2_stage" "service" {
  api_id      = aws_apigatewayv2_api.service.id
  name        = "$default"
  auto_deploy = true
}
"""

WORKFLOW = """name: ci
on: pull_request_target
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{ github.event.pull_request.title }}"
"""

MIGRATION = """ALTER TABLE orders ADD COLUMN total integer NOT NULL;
CREATE INDEX orders_name ON orders (name);
ALTER TABLE orders DROP COLUMN price;
"""

BUCKET = """resource "aws_s3_bucket" "public" {
  bucket = "public"
}

resource "aws_s3_bucket_acl" "public" {
  bucket = aws_s3_bucket.public.id
  acl    = "public-read"
}
"""

FAULTS = {
    "app/__init__.py": "",
    "app/handler.py": HANDLER,
    "app/db.py": DATABASE,
    "infra/main.tf": INFRASTRUCTURE,
    ".github/workflows/ci.yml": WORKFLOW,
    "migrations/0001_orders.sql": MIGRATION,
}
BROKEN = {
    "app/broken.py": "def broken(:\n",
    "app/shell.py": 'import subprocess\nimport sys\n\nsubprocess.call("rm " + sys.argv[1], shell=True)\n',
    "infra/main.tf": 'resource "aws_s3_bucket" "public" {\n  bucket = \n',
}
BARE = {"app/clean.py": '"""Adds."""\n\n\ndef add(a, b):\n    """Add."""\n    return a + b\n', "infra/main.tf": BUCKET}

# The project's own commands, over the sample's folders.
POLICY = """[check.bandit]
run = ["bandit", "--ignore-nosec", "-r", "app", "-f", "json", "-o", "{report}"]
group = "bandit"
report = "bandit.json"
reader = "bandit"
inputs = ["app/**/*.py"]
covers = "inputs"
block_at = "medium"

[check.checkov]
run = ["sh", "security/checkov.sh", "{reports}", "hcl", "infra"]
group = "checkov"
reports = { "results_json.json" = "checkov", "checkov.log" = "checkov-log" }
inputs = ["infra/**/*.tf", "security/checkov/[!_]*.*"]

[check.secrets]
run = [
  "detect-secrets", "scan", "--no-verify", "--all-files", "--plugin", "security/secrets/witness.py",
  "--disable-filter", "detect_secrets.filters.allowlist.is_line_allowlisted", "app", "infra", "migrations", ".github",
]
group = "secrets"
report = "secrets.json"
stdout = "secrets.json"
reader = "detect-secrets"
inputs = ["app/**", "infra/**"]

[check.migrations]
run = ["sh", "-c", "exec squawk --verbose --reporter json --config /dev/null 'migrations/*.sql' 2>&1"]
group = "migrations"
report = "squawk.txt"
stdout = "squawk.txt"
reader = "squawk"
inputs = ["migrations/*.sql"]

[check.workflows]
run = ["sh", "-c", '''
exec zizmor --offline --no-ignores --no-config --no-progress --color=never --persona=auditor --format=json \\
  .github 2>&1''']
group = "workflows"
report = "zizmor.txt"
stdout = "zizmor.txt"
reader = "zizmor"
inputs = [".github/**/*.yml"]

[check.lint]
run = [
  "ruff", "check", "--isolated", "--ignore-noqa", "--no-cache",
  "--output-format=sarif", "--output-file={report}", "app",
]
group = "lint"
report = "ruff.sarif"
reader = "sarif"
inputs = ["app/**/*.py"]
"""


def plant(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a new folder and commit them, since some tools look only at what git knows; give the folder."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commit(folder)
    return folder


def plant_judged(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a new folder with all that Clearance needs: a policy, its scanners' lock, our Checkov checks."""
    folder.mkdir()
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "security", folder / "security", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in {**files, "clearance.toml": POLICY}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Make a folder a repository with one commit, under no settings but its own."""
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "--allow-empty", "-m", "sample")):
        done = run(["git", *words], cwd=folder)
        if done.code != 0:
            raise SpoiltError(f"git {words[-1]} in the sample: {done.output}")
