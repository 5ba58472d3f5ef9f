"""The store in DynamoDB: one table, `pk` its key, `expires` its time to live; every change is conditional.

A task is `task#ID`, a run `run#ID`, a workspace `workspace#ID`. What was asked lies in the queue alone, sealed. Needs
boto3: the extra `aws`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from clearance.model import ClearanceError
from clearance.runtask.nouns import Decided, Hold, Kept
from clearance.runtask.store import Claim, Ending, Standing, dumps, loads, moment, stamp

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEPT = timedelta(days=90)  # how long a replayed request is known again: longer than `Limits.oldest`
_APPLIED_MOST = 200
_MINE = "fence = :fence AND attribute_not_exists(ending)"


class DynamoStore:
    """A store in a table; where, and as whom, is for the AWS SDK's usual variables to say."""

    def __init__(self, table: str, client: DynamoDBClient) -> None:
        self._table, self._client = table, client

    def claim(self, task: str, now: datetime, lease: timedelta) -> Claim | Standing:
        """Claim a task, which need not be known yet."""
        row = self._update(
            f"task#{task}",
            "SET fence = if_not_exists(fence, :none) + :one, attempts = if_not_exists(attempts, :none) + :one, "
            "begun = if_not_exists(begun, :now), lease = :lease, expires = :expires",
            "attribute_not_exists(ending) AND (attribute_not_exists(lease) OR lease <= :now) "
            "AND (attribute_not_exists(due) OR due <= :now)",
            {
                ":none": 0,
                ":one": 1,
                ":now": stamp(now),
                ":lease": stamp(now + lease),
                ":expires": stamp(now + _KEPT) // 1000,
            },
        )
        if row is None:
            return self._standing(task, now)
        decided = row.get("decided")
        return Claim(
            id=task,
            fence=int(row["fence"]["N"]),
            attempts=int(row["attempts"]["N"]),
            first=moment(int(row["begun"]["N"])),
            decided=None if decided is None else loads(decided["B"]),
        )

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> bool:
        """Lengthen the lease; False where the claim was lost."""
        return self._mine(claim, "SET lease = :lease", {":lease": stamp(now + lease)}) is not None

    def settle(self, claim: Claim, decided: Decided) -> Decided | None:
        """Let an answer stand, unless one does already: return the one that stands, None where the claim was lost."""
        row = self._mine(claim, "SET decided = if_not_exists(decided, :decided)", {":decided": dumps(decided)})
        return None if row is None else loads(row["decided"]["B"])

    def rest(self, claim: Claim, until: datetime) -> bool:
        """Give a task back in good order, to be claimed again from then on; False where the claim was lost."""
        change = "SET due = :due, lease = :none, attempts = :none, fence = fence + :one"
        return self._mine(claim, change, {":due": stamp(until), ":none": 0, ":one": 1}) is not None

    def end(self, claim: Claim, ending: Ending, now: datetime) -> bool:
        """End a task, once its answer was sent; False where the claim was lost."""
        change = "SET ending = :ending, ended = :now"
        return self._mine(claim, change, {":ending": ending.value, ":now": stamp(now)}) is not None

    def kept(self, run_id: str) -> Kept:
        """Return what earlier stages left of a run."""
        row = self._get(f"run#{run_id}")
        return msgspec.json.decode(row["kept"]["B"], type=Kept) if "kept" in row else Kept()

    def keep(self, run_id: str, kept: Kept) -> None:
        """Remember something of a run, for as long as of a task."""
        values = {":value": msgspec.json.encode(kept), ":expires": stamp(datetime.now(UTC) + _KEPT) // 1000}
        self._update(f"run#{run_id}", "SET kept = :value, expires = :expires", None, values)

    def hold(self, workspace_id: str) -> Hold | None:
        """Return why a workspace's runs are held, or None."""
        row = self._get(f"workspace#{workspace_id}")
        return msgspec.json.decode(row["hold"]["B"], type=Hold) if "hold" in row else None

    def set_hold(self, hold: Hold) -> None:
        """Hold a workspace's runs."""
        self._set(f"workspace#{hold.workspace_id}", "hold", msgspec.json.encode(hold))

    def release(self, workspace_id: str) -> None:
        """Let a workspace's runs go on."""
        self._update(f"workspace#{workspace_id}", "REMOVE #what", None, {}, {"#what": "hold"})

    def applied(self, workspace_id: str) -> tuple[str, ...]:
        """Return the configurations that were applied to a workspace, the one that was last applied at the end."""
        row = self._get(f"workspace#{workspace_id}")
        return tuple(one["S"] for one in row["applied"]["L"]) if "applied" in row else ()

    def add_applied(self, workspace_id: str, config_digest: str) -> None:
        """Remember that a configuration was applied to a workspace; the runs of one are applied one after another."""
        others = [one for one in self.applied(workspace_id) if one != config_digest]
        self._set(f"workspace#{workspace_id}", "applied", [*others[-_APPLIED_MOST:], config_digest])

    def _standing(self, task: str, now: datetime) -> Standing:
        row = self._get(f"task#{task}")
        if "ending" in row:
            return Standing.ENDED
        held = "lease" in row and int(row["lease"]["N"]) > stamp(now)
        return Standing.BUSY if held or "due" not in row else Standing.RESTING

    def _mine(self, claim: Claim, change: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        return self._update(f"task#{claim.id}", change, _MINE, {**values, ":fence": claim.fence})

    def _set(self, key: str, name: str, value: bytes | list[str]) -> None:
        self._update(key, "SET #what = :value", None, {":value": value}, {"#what": name})

    def _get(self, key: str) -> dict[str, Any]:
        found = self._client.get_item(TableName=self._table, Key={"pk": {"S": key}}, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def _update(
        self,
        key: str,
        change: str,
        condition: str | None,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any] | None:
        """Change one item if a condition holds, and return it as it is then; None where it does not hold."""
        more: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        more |= {"ExpressionAttributeNames": dict(names)} if names else {}
        more |= {"ExpressionAttributeValues": {name: _typed(value) for name, value in values.items()}} if values else {}
        try:
            changed = self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": key}},
                UpdateExpression=change,
                ReturnValues="ALL_NEW",
                **more,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return dict(changed["Attributes"])


def connect(table: str) -> DynamoStore:
    """Open the store in a table. Raises ClearanceError where the SDK is not there."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ClearanceError("a store in DynamoDB needs boto3", "pip install 'clearance[aws]'") from error
    patience = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 5})
    return DynamoStore(table, boto3.client("dynamodb", config=patience))


def _typed(value: str | bytes | int | list[str]) -> dict[str, Any]:
    """Write a value as DynamoDB's wire format has it."""
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    return {"L": [{"S": one} for one in value]}
