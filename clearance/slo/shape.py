"""Plain values to OpenSLO's objects, the errors that say where a field is wrong, and the JSON Schema."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from clearance.model import PolicyError
from clearance.slo.objects import KINDS, VERSION, Object


def schema() -> dict[str, Any]:
    """Make the JSON Schema (draft 2020-12) of one object of an SLO file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Object)


def convert(raw: Any, where: str) -> Object:
    """Check one object's fields. Raises PolicyError, which says where, and which are the known ones."""
    if not isinstance(raw, dict):
        raise PolicyError(f"{where} is no object", f"each has apiVersion: {VERSION}, kind, metadata and spec")
    version, kind = raw.get("apiVersion"), str(raw.get("kind"))
    if version != VERSION:
        raise PolicyError(
            f"{where} has apiVersion {version!r}", f"this gate reads {VERSION}; others name their fields differently"
        )
    if kind not in KINDS:
        raise PolicyError(f"{where} has kind {kind}", known(kind, KINDS))
    where = f"{where} ({kind} {_called(raw)})"
    _know(raw, inspect.type_info(KINDS[kind]), where, "")
    try:
        made: Object = msgspec.convert(raw, Object)
    except msgspec.ValidationError as error:
        message = str(error).replace(" - at `$.", " at `").replace(" - at `$`", "")
        raise PolicyError(f"{where}: {message}", _step(message)) from error
    return made


def _called(raw: Mapping[str, Any]) -> str:
    metadata = raw.get("metadata")
    return str(metadata.get("name", "without a name")) if isinstance(metadata, dict) else "without a name"


def _step(message: str) -> str:
    if "annotations" in message and "Expected `str`" in message:
        return 'an annotation is a text: put its value in quotes, "0.98"'
    if "metadata.name" in message or "regex" in message:
        return "names are up to 63 lower-case letters, digits, dots and -; durations are 28d, 4w, 1M"
    if "budgetingMethod" in message:
        return "the gate counts requests: budgetingMethod: Occurrences"
    return "`clearance schema slo` describes every field"


def _know(value: Any, kind: inspect.Type, where: str, path: str) -> None:
    """Raise PolicyError for the first field that its table does not have."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            _know(value, one, where, path)
    elif isinstance(kind, inspect.Metadata):
        _know(value, kind.type, where, path)
    elif isinstance(kind, inspect.ListType) and isinstance(value, list):
        for number, item in enumerate(value):
            _know(item, kind.item_type, where, f"{path}[{number}]")
    elif isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        names = [*([kind.tag_field] if kind.tag_field else []), *fields]
        for key, item in value.items():
            if key not in names:
                at = f"{path}.{key}".lstrip(".")
                raise PolicyError(f"{where} has an unknown field: {at}", known(key, names))
            if key in fields:
                _know(item, fields[key], where, f"{path}.{key}")


def known(name: str, names: Collection[str]) -> str:
    """The next step for a name that is not there: the nearest one that is, and all of them."""
    near = difflib.get_close_matches(name, names, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(names) or 'none'}"
