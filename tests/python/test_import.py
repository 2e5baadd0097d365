"""Importing the toolkit costs nothing: it lives inside someone else's service."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import toolkit

HEAVY = ("web3", "eth_account", "eth_abi", "sqlalchemy", "alembic", "pydantic", "rich", "typer")


def _loaded_after(statement: str) -> set[str]:
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement",
    ["import toolkit", "import toolkit.bindings", "import toolkit.chain", "import toolkit.errors"],
)
def test_importing_loads_no_heavy_package(statement: str) -> None:
    assert not _loaded_after(statement) & set(HEAVY)


def test_importing_the_bindings_classes_loads_no_web3() -> None:
    loaded = _loaded_after(
        "from toolkit.bindings import AttestedFeed, PrimaryMarket, Stablecoin\nimport toolkit.bindings.errors"
    )
    assert not loaded & {"web3", "eth_account", "sqlalchemy", "pydantic"}


@pytest.mark.parametrize("name", sorted(toolkit.__all__))
def test_every_exported_name_exists(name: str) -> None:
    assert getattr(toolkit, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Stablecoins'"):
        _ = toolkit.Stablecoins
