"""On PostgreSQL the references of steps and flights are checked once for a statement, not for each row.

A foreign key looks at each row by itself, which took half the time of writing the events of a flight. What is
refused is the same, and the error is too: a row that refers to nothing, and removing what is referred to.
The ledger writes in READ COMMITTED; a transaction that sees an older moment would still see what was removed
since, and is refused. On SQLite a foreign key is a look at an index, and stays.
"""

from alembic import op

from toolkit.errors import LedgerError

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_REFERENCES = (
    ("order_events", "order_id", "orders", "id"),
    ("order_events", "actor", "persons", "person_id"),
    ("record_events", "record_id", "records", "id"),
    ("record_events", "actor", "persons", "person_id"),
    ("flight_orders", "flight_id", "flights", "id"),
    ("flight_orders", "order_id", "orders", "id"),
)

# As with a foreign key, whoever may write a row needn't have a right to read what it refers to, and a
# temporary table of its name isn't meant. A schema that is renamed refuses every row until this is set anew.
_FUNCTION = """
CREATE FUNCTION {function}_{name}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp {settings} AS $$
DECLARE found_key text;
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE feature_not_supported USING
            MESSAGE = 'the references of table "{table}" are checked in READ COMMITTED only';
    END IF;
    {find}
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = '{acts} on table "{changed}" violates reference "{name}"',
            DETAIL = format('Key (%s)=(%s) is {finding} table "{other}".', '{found}', found_key),
            TABLE = '{table}', CONSTRAINT = '{name}';
    END IF;
    RETURN NULL;
END $$;
-- A trigger fires without it. Who has it makes triggers of their own, and this locks tables as their owner.
REVOKE EXECUTE ON FUNCTION {function}_{name}() FROM PUBLIC
"""

# One look at an index for each key, whatever the tables held when the plan was made, which a session keeps.
_FIND_MISSING = """
    SELECT a.{column} INTO found_key FROM (SELECT DISTINCT {column} FROM added) AS a
    WHERE (SELECT p.{key} FROM {parent} AS p WHERE p.{key} = a.{column}) IS NULL LIMIT 1;
"""

# The lock makes those wait who are writing events: a reference that is written meanwhile would go unseen.
_FIND_REFERRED_TO = """
    LOCK TABLE {table} IN SHARE MODE;
    SELECT r.{key} INTO found_key FROM removed AS r
    WHERE EXISTS (SELECT FROM {table} AS c WHERE c.{column} = r.{key}) LIMIT 1;
"""

_CHECK = {
    "function": "check",
    "settings": "SET enable_seqscan = off",
    "find": _FIND_MISSING,
    "acts": "insert or update",
    "changed": "{table}",
    "finding": "not present in",
    "found": "{column}",
    "other": "{parent}",
}
_KEEP = {
    "function": "keep",
    "settings": "",
    "find": _FIND_REFERRED_TO,
    "acts": "update or delete",
    "changed": "{parent}",
    "finding": "still referenced from",
    "found": "{key}",
    "other": "{table}",
}

_FIXED_KEY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('%s of table "%s", to whose keys other tables refer', TG_OP, TG_TABLE_NAME),
        TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END $$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    for table, column, parent, key in _REFERENCES:
        name = f"fk_{table}_{column}_{parent}"
        op.drop_constraint(name, table, type_="foreignkey")
        words = {
            "name": name,
            "table": table,
            "column": column,
            "parent": parent,
            "key": key,
            "schema": schema,
        }
        for function in (_CHECK, _KEEP):
            op.execute(
                _FUNCTION.format(**words, **{at: text.format(**words) for at, text in function.items()})
            )
        for act in ("INSERT", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER {name}_{act.lower()} AFTER {act} ON {table} "
                f"REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_{name}()"
            )
        op.execute(
            f"CREATE TRIGGER {name}_delete AFTER DELETE ON {parent} "
            f"REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_{name}()"
        )
    op.execute(_FIXED_KEY)
    for parent, key in sorted({(parent, key) for _, _, parent, key in _REFERENCES}):
        op.execute(
            f"CREATE TRIGGER fixed_key BEFORE UPDATE OF {key} ON {parent} FOR EACH ROW "
            f"WHEN (OLD.{key} IS DISTINCT FROM NEW.{key}) EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER not_emptied BEFORE TRUNCATE ON {parent} EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
