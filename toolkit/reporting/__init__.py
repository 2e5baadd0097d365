"""Statements, reconciliation and evidence: every figure can be recomputed."""
