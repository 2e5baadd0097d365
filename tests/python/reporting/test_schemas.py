"""The published JSON Schemas are those of the code, and every document fits its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.json_schemas import FOLDER, faults, published
from support.report_samples import every_kind

from toolkit.reporting.report import schema_of
from toolkit.reporting.reports import KINDS, content_of

SAMPLES = every_kind()


def test_every_kind_is_published_and_nothing_else() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_published_schema_is_the_codes(kind: str) -> None:
    assert published(kind) == schema_of(content_of(kind)), "run scripts/make_report_schemas.py"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_document_fits_its_schema_and_a_changed_one_does_not(kind: str) -> None:
    data, schema = SAMPLES[kind].document.to_data(), published(kind)
    assert faults(data, schema, schema) == []
    assert faults({**data, "more": 1}, schema, schema) == ["$: more is unknown"]
    assert faults({**data, "sha256": "0x00"}, schema, schema) != []
    del data["supersedes"]
    assert faults(data, schema, schema) == ["$: supersedes is missing"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_number_of_a_document_is_binary_floating_point(kind: str) -> None:
    def refuse(text: str) -> Any:
        raise AssertionError(f"{text} is a JSON fraction")

    json.loads(SAMPLES[kind].to_json(), parse_float=refuse)
