"""On PostgreSQL the references of steps and flights are checked once for a statement, not for each row.

A foreign key looks at each row by itself, which took half the time of writing the events of a flight. What is
refused is the same, and the error is too: a row that refers to nothing, and removing what is referred to.
That holds for READ COMMITTED, in which the ledger writes; a transaction that sees an older moment would still
see what was removed since. On SQLite a foreign key is a look at an index, and stays.
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

# A plan made while the tables were small would read all of them ever after, hence the settings; and a backup
# is loaded without a search path.
_PRESENCE = """
CREATE FUNCTION check_{name}() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE missing text;
BEGIN
    SELECT a.{column} INTO missing FROM (SELECT DISTINCT {column} FROM added) AS a
    WHERE NOT EXISTS (SELECT FROM {parent} AS p WHERE p.{key} = a.{column}) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert or update on table "{table}" violates reference "{name}"',
            DETAIL = format('Key ({column})=(%s) is not present in table "{parent}".', missing),
            TABLE = '{table}', CONSTRAINT = '{name}';
    END IF;
    RETURN NULL;
END $$
"""

# The lock makes those wait who are writing events: a reference that is written meanwhile would go unseen.
_REMOVAL = """
CREATE FUNCTION keep_{name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE found_key text;
BEGIN
    LOCK TABLE {table} IN SHARE MODE;
    SELECT r.{key} INTO found_key FROM removed AS r
    WHERE EXISTS (SELECT FROM {table} AS c WHERE c.{column} = r.{key}) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'update or delete on table "{parent}" violates reference "{name}"',
            DETAIL = format('Key ({key})=(%s) is still referenced from table "{table}".', found_key),
            TABLE = '{table}', CONSTRAINT = '{name}';
    END IF;
    RETURN NULL;
END $$
"""

_FIXED_KEY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('%s of a key of table "%s", which other tables refer to', TG_OP, TG_TABLE_NAME),
        TABLE = TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for table, column, parent, key in _REFERENCES:
        name = f"fk_{table}_{column}_{parent}"
        words = {"name": name, "table": table, "column": column, "parent": parent, "key": key}
        op.drop_constraint(name, table, type_="foreignkey")
        op.execute(_PRESENCE.format(**words))
        op.execute(_REMOVAL.format(**words))
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
