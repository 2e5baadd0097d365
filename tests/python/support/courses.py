"""Random courses of a state machine: the same ones on every machine and after every edit, or new ones.

What Hypothesis draws from a seed depends on the constants in all of the project's modules that are loaded, so
a seed stands for another course after an unrelated edit, or beside other tests. From given bytes it draws
the same always, in one version of it. A course that fails is told step by step in a note of its error; only
new courses are shortened, which may take minutes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test, run_state_machine_as_test
from support.verbs import Steps

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "check")

_BYTES = 1 << 16
"""More than a course draws."""

_VALUES = range(255)
"""Of a byte: 255 would end a course before its last step."""

_EXAMPLES = 10
"""After so many of one seed, Hypothesis only varies those that it has."""


@dataclass(frozen=True)
class Courses:
    """`count` courses of `steps`: with `new` others each time, else the same always."""

    count: int
    steps: int
    new: bool = False

    def run(self, begin: Callable[[], Steps]) -> None:
        """Raises what the machine that `begin` gives raises first."""
        if not self.new:
            for number in range(self.count):
                self._known(begin, number)
            return
        for _ in range(0, self.count, _EXAMPLES):
            number = secrets.randbits(64)
            print(f"seed {number}")
            run_state_machine_as_test(seed(number)(partial(begin)), settings=self._settings())

    def _known(self, begin: Callable[[], Steps], number: int) -> None:
        machine = begin()
        course = get_state_machine_test(lambda: machine, settings=self._settings())
        try:
            drawn = course.hypothesis.fuzz_one_input(bytes(Random(number).choices(_VALUES, k=_BYTES)))
        except Exception as error:
            error.add_note("\n".join([f"Course {number}:", *machine.taken]))
            raise
        assert drawn is not None, f"course {number} drew more than {_BYTES} bytes"

    def _settings(self) -> settings:
        return settings(
            max_examples=_EXAMPLES,
            stateful_step_count=self.steps,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
