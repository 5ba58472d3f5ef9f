"""The committed description of the API: true, valid, and strict."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from service.domain import ASKED_DAY, RULES
from service.openapi import describe

FILE = Path("service/openapi.json")
DOCUMENT = json.loads(FILE.read_text())
OPERATIONS = {operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()}


def test_committed():
    """The committed file is what the code describes; `python -m service.openapi > service/openapi.json` makes it so."""
    assert json.dumps(describe(), indent=2) + "\n" == FILE.read_text()


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_schemas(name):
    """Every schema is JSON Schema 2020-12, and refers to schemas that are there."""
    schema = DOCUMENT["components"]["schemas"][name]
    Draft202012Validator.check_schema(schema)
    references = {part.split('"')[0] for part in json.dumps(schema).split("#/components/schemas/")[1:]}

    assert references <= DOCUMENT["components"]["schemas"].keys()


@pytest.mark.parametrize(
    ("operation", "security"),
    [
        ("ingest", [{"jwt": ["flights:write"]}]),
        ("read", [{"jwt": ["flights:read"]}, {"jwt": ["canary:read"]}]),
        ("list", [{"jwt": ["flights:read"]}, {"jwt": ["canary:read"]}]),
        ("delays", [{"jwt": ["flights:read"]}, {"jwt": ["canary:read"]}]),
        ("health", []),
    ],
)
def test_security(operation, security):
    """Each operation says which scopes it takes, as alternatives, and health that it takes none."""
    assert security == OPERATIONS[operation]["security"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_answers(operation):
    """Where the gateway may answer by itself, its own body is described beside our problem document."""
    both = {"application/problem+json", "application/json"}
    answers = OPERATIONS[operation]["responses"]

    assert [both, both] == [set(answers[status]["content"]) for status in ("500", "503")]
    assert {"application/json"} == set(answers["429"]["content"])
    assert "Retry-After" in answers["503"]["headers"]


@pytest.mark.parametrize("rule", [RULES["flight_date"], ASKED_DAY])
def test_years(rule):
    """The pattern of a day and its bounds agree in every year."""
    years = [f"{year:04}" for year in range(10_000)]

    assert [year for year in years if str(rule.first) <= f"{year}-06-15" <= str(rule.last)] == [
        year for year in years if re.fullmatch(rule.schema()["pattern"], f"{year}-06-15")
    ]


def test_clock():
    """The described clock and the rule agree at every number."""
    described = validator("Clock")

    assert [number for number in range(-100, 2600) if described.is_valid(number)] == [
        number for number in range(-100, 2600) if number in (2400, *range(2400)) and number % 100 < 60
    ]


def validator(name):
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"tailnum": None, "dep_time": "NA", "arr_time": 2400}, True),
        ({"distance": 1400.0}, True),
        ({"carrier": "ua"}, False),
        ({"dep_time": True}, False),
        ({"flight": 10_000}, False),
        ({"delay": 1}, False),
    ],
)
def test_records(flight, change, valid):
    """The described record takes what the service takes."""
    assert valid == validator("Batch").is_valid({"records": [{**flight, **change}]})
