"""The published JSON Schemas of reports, and what of a document doesn't fit its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "toolkit" / "reporting" / "schemas"


def published(kind: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return data


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What of `value` doesn't fit `schema`: the part of JSON Schema that these schemas use."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return faults(value, root["$defs"][name], root, at)
    if "anyOf" in schema:
        found = [faults(value, option, root, at) for option in schema["anyOf"]]
        return [] if any(not item for item in found) else [f"{at}: none of the alternatives"]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: {value!r} is not {schema['const']!r}"]
    wrong: list[str] = []
    kinds = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "array": list,
        "object": dict,
        "null": type(None),
    }
    wanted = kinds[schema["type"]] if "type" in schema else object
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        return [f"{at}: {value!r} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            wrong.append(f"{at}: {value!r} doesn't match {schema['pattern']}")
        if len(value) < schema.get("minLength", 0):
            wrong.append(f"{at}: too short")
    if isinstance(value, int) and not isinstance(value, bool) and value < schema.get("minimum", value):
        wrong.append(f"{at}: {value} is too small")
    if isinstance(value, list):
        prefix = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            part = prefix[index] if index < len(prefix) else schema.get("items", {})
            wrong += faults(item, part, root, f"{at}[{index}]")
        if len(value) < schema.get("minItems", 0):
            wrong.append(f"{at}: too few")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        wrong += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in known:
                wrong += faults(item, known[name], root, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                wrong.append(f"{at}: {name} is unknown")
    return wrong
