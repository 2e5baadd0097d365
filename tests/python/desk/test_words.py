"""Words that name a role, a state or a kind of order."""

from __future__ import annotations

import pytest
from support.desks import Bench

from toolkit.errors import InvalidInput


def test_an_unknown_role_is_refused_with_those_that_exist(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match=r"no role 'boss': use one of .*maker"):
        bench.desk.add_person("p", label="P", roles=["boss"])


def test_an_unknown_state_or_kind_is_refused_with_those_that_exist(bench: Bench) -> None:
    with pytest.raises(InvalidInput, match=r"no state 'finished': use one of .*settled"):
        bench.desk.orders("finished")
    with pytest.raises(InvalidInput, match="no kind of order 'swap': use one of mint"):
        bench.desk.orders(kind="swap")
