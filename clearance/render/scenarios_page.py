"""Scenarios' details to a section of the page: the features as a living document, complete without a script."""

from __future__ import annotations

from clearance.model import Decision, Json, Ruling
from clearance.render import scenario_facts
from clearance.render.load_facts import amount, text
from clearance.render.templating import Section, environment, resource
from clearance.render.words import count

STYLES = ("templates/scenarios.css",)


def draw(ruling: Ruling, details: Json, *, anchor: str, again: str) -> Section:
    """Draw what a reader of scenarios told; whatever the details hold, a section comes of it.

    `anchor` is the section's id, with which each feature's and each scenario's begins; `again` the command that runs
    the check again.
    """
    features = scenario_facts.features(details, anchor)
    rows = [row for feature in features for scenario in feature.scenarios for row in scenario.rows]
    scenarios = sum(len(feature.scenarios) for feature in features)
    html = (
        environment()
        .get_template("scenarios.html")
        .render(
            ruling=ruling,
            anchor=anchor,
            again=again,
            tool=text(details.get("tool"), 80),
            features=features,
            left_out=int(amount(details.get("left_out")) or 0),
            decision=max(rows, default=Decision.UNKNOWN),
            counts=f"{count(len(features), 'feature')}, {count(scenarios, 'scenario')}",
            tally=scenario_facts.tally(rows),
        )
    )
    title = f"Scenarios: {ruling.check}"
    return Section(anchor=anchor, title=title, html=html, styles=tuple(map(resource, STYLES)))
