"""What the infrastructure says about the service is what the service says about itself."""

import json
import re
from pathlib import Path

from service.logins import Login
from stack import package

REPOSITORY = Path(__file__).parents[2]


def test_routes_are_those_of_the_api_description(root_locals):
    """Each route of openapi.json is routed, with the same scopes, and no other."""
    described = json.loads((REPOSITORY / "service" / "openapi.json").read_text())["paths"]
    expected = {
        f"{method.upper()} {path}": [scope for way in operation.get("security", []) for scope in way["jwt"]]
        for path, methods in described.items()
        for method, operation in methods.items()
    }
    assert expected == root_locals["routes"]


def test_logins_are_those_of_the_service(root_locals):
    """The proxy serves the logins of the handler, and with the migrator they are all there are."""
    proxied = set(re.findall(r'"(\w+)"', root_locals["proxied_logins"]))
    assert set(Login) - {Login.MIGRATOR} == proxied
    assert set(Login) == proxied | set(re.findall(r'"(\w+)"', root_locals["logins"]))


def test_function_runs_the_package(resources):
    """Handler, Python and architecture are those that the package is built for."""
    function = resources["service:aws_lambda_function.service"]
    assert package.HANDLER == function["handler"]
    assert f"python{package.PYTHON}" == function["runtime"]
    assert ["x86_64"] == function["architectures"]


def test_function_is_told_what_the_service_reads(resources):
    """The environment names the variables that the service reads on AWS, and no password."""
    [environment] = resources["service:aws_lambda_function.service"]["environment"]
    read = set(re.findall(r'"(FLIGHTS_\w+)"', "".join(path.read_text() for path in REPOSITORY.glob("service/*.py"))))
    assert {"FLIGHTS_DB_AUTH", "FLIGHTS_DB_DSN", "FLIGHTS_STAGE"} == set(environment["variables"])
    assert set(environment["variables"]) <= read


def test_readme_makes_the_operators_login(root_locals):
    """The login that the operators' policy lets in is the one that the README makes."""
    readme = (REPOSITORY / "infra" / "README.md").read_text()
    assert f"CREATE ROLE {root_locals['operator_login']} LOGIN;" in readme
