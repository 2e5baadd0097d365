"""Imported by the process that the workers are forked from: what a desk imports as it goes along."""

import importlib
import pkgutil

import psycopg  # noqa: F401
import support.chaos.schedule  # noqa: F401

import toolkit
from toolkit.bindings.errors import registry

for module in pkgutil.walk_packages(toolkit.__path__, "toolkit."):
    if not module.name.startswith(("toolkit.cli", "toolkit.ledger.migrations.env")):
        importlib.import_module(module.name)
registry()
