"""A coin from before there was an omnibus registry: it goes on, and `apply` adds what it lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.deployments import ADMIN_DELAY, demo_terms

from toolkit.bindings.roles import Role
from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.deployment import apply, plan, suite
from toolkit.errors import DeploymentError
from toolkit.issuance import Issuance


def test_an_older_coin_goes_on_and_gets_its_registry(
    node: Anvil, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = demo_terms()
    with monkeypatch.context() as older:
        everything = suite._coin

        def without_the_registry(terms: Any) -> suite.Suite:
            made = everything(terms)
            kept = tuple(item for item in made.creations if item.contract != "OmnibusRegistry")
            return replace(made, creations=kept)

        older.setattr(suite, "_coin", without_the_registry)
        record = apply(terms, client)
    assert "OmnibusRegistry" not in record.contracts

    issuance = Issuance.load(record, client)
    with pytest.raises(DeploymentError, match="no OmnibusRegistry"):
        _ = issuance.omnibus

    steps = plan(terms, client)
    assert [step.title for step in steps if step.kind == "create"] == [
        "create OmnibusRegistry implementation",
        "create OmnibusRegistry proxy",
    ]
    assert {step.contract for step in steps if step.kind != "create"} == {"AccessManager"}
    apply(terms, client)
    node.advance_time(ADMIN_DELAY + 1)
    record = apply(terms, client)
    assert not plan(terms, client)
    issuance = Issuance.load(record, client)
    assert issuance.omnibus.registry() == issuance.registry.address
    access, selector = issuance.access_manager, issuance.omnibus._selector("commit")
    assert access.function_role(issuance.omnibus.address, selector) == Role.REGISTRAR
