"""The schema of a store as one text, for ``db/schema.sql``: what all migrations together come to.

``python -m curation.store.schema`` prints it from a store made for the purpose.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from curation.store.connect import Store

_HEAD = "-- Generated from the migrations by: make schema. A test compares it with a new store.\n"


def schema(sql: sqlite3.Connection) -> str:
    """Every table, view, index and trigger of a store, ordered so that the text makes the same schema again.

    Left out are what SQLite makes by itself (``sqlite_…``, the shadow tables of the full-text index) and the
    table in which sqlite-utils records migrations, whose form is that of its release.
    """
    rows = sql.execute(
        "SELECT m.sql FROM main.sqlite_master m"
        " LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name"
        " WHERE m.sql IS NOT NULL AND coalesce(l.type, '') <> 'shadow'"
        " AND m.tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.tbl_name <> '_sqlite_migrations'"
        " ORDER BY CASE m.type WHEN 'table' THEN 1 WHEN 'view' THEN 2 WHEN 'index' THEN 3 ELSE 4 END, m.name"
    )
    return _HEAD + "".join(f"\n{text};\n" for (text,) in rows)


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "review.db") as store:
        sys.stdout.write(schema(store.sql))


if __name__ == "__main__":
    _main()
