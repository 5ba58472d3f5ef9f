"""Callbacks are held to every limit that is published, at its edge."""

import pytest

from stack.terraform_cloud.limits import complaints

GOOD = {"outcome-id": "X", "description": "one line"}
TAG = {"label": "High", "level": "error"}


def body(status="passed", outcomes=None, **attributes):
    data = {"type": "task-results", "attributes": {"status": status, **attributes}}
    if outcomes is not None:
        listed = [{"type": "task-result-outcomes", "attributes": each} for each in outcomes]
        data["relationships"] = {"outcomes": {"data": listed}}
    return {"data": data}


def outcome(**attributes):
    return body(outcomes=[{**GOOD, **attributes}])


RIGHT = {
    "a message alone": body(message="m" * 1000, url="https://x/" + "u" * 490),
    "as many outcomes as there may be": body("running", [GOOD] * 250),
    "long texts": outcome(**{"outcome-id": "i" * 64, "description": "d" * 1000, "body": "b" * 10_000}),
    "tags": outcome(tags={f"Tag_{number}": [TAG] * 32 for number in range(10)}),
    "a label without a level": outcome(tags={"Status": [{"label": "l" * 32}]}),
}
WRONG = {
    "nothing": ({}, "/data"),
    "another type": ({"data": {"type": "x", "attributes": {"status": "passed"}}}, "/data/type"),
    "no attributes": ({"data": {"type": "task-results"}}, "/data/attributes"),
    "a status of a result": (body("errored"), "/data/attributes/status"),
    "an unknown attribute": (body(note="x"), "/data/attributes/note"),
    "an empty message": (body(message=""), "/data/attributes/message"),
    "a long message": (body(message="m" * 1001), "/data/attributes/message"),
    "a long link": (body(url="https://x/" + "u" * 491), "/data/attributes/url"),
    "a link to a script": (body(url="javascript:x"), "/data/attributes/url"),
    "an empty list": (body(outcomes=[]), "outcomes/data"),
    "too many outcomes": (body(outcomes=[GOOD] * 251), "outcomes/data"),
    "no id": (body(outcomes=[{"description": "x"}]), "0/outcome-id"),
    "a long id": (outcome(**{"outcome-id": "i" * 65}), "0/outcome-id"),
    "no description": (body(outcomes=[{"outcome-id": "x"}]), "0/description"),
    "a long description": (outcome(description="d" * 1001), "0/description"),
    "two lines": (outcome(description="d\nd"), "0/description"),
    "a long body": (outcome(body="b" * 10_001), "0/body"),
    "a long link of an outcome": (outcome(url="https://x/" + "u" * 491), "0/url"),
    "no tags": (outcome(tags={}), "0/tags"),
    "too many tags": (outcome(tags={f"t{number}": [TAG] for number in range(11)}), "0/tags"),
    "a tag with a space": (outcome(tags={"Cost Centre": [TAG]}), "0/tags/Cost Centre"),
    "no labels": (outcome(tags={"Status": []}), "0/tags/Status"),
    "too many labels": (outcome(tags={"Status": [TAG] * 33}), "0/tags/Status"),
    "a long label": (outcome(tags={"Status": [{"label": "l" * 33}]}), "0/tags/Status/0/label"),
    "an unknown level": (outcome(tags={"Status": [{"label": "l", "level": "high"}]}), "0/tags/Status/0/level"),
    "a label that is a text": (outcome(tags={"Status": ["High"]}), "0/tags/Status/0"),
    "an outcome of another type": (
        {**body(), "data": {**body()["data"], "relationships": {"outcomes": {"data": [{"type": "x"}]}}}},
        "outcomes/data/0",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_within_the_limits(name):
    """Everything at its edge is taken."""
    assert [] == complaints(RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_what_is_beyond_a_limit(name):
    """One step further is refused, at its own place and for nothing else."""
    document, place = WRONG[name]
    (complaint,) = complaints(document)
    assert complaint[0].endswith(place)
