"""Compiles queries with SQLite, whose SQL osquery speaks: argv[1] has tables with their columns, argv[2] the queries."""
import json
import sqlite3
import sys

database = sqlite3.connect(":memory:")
for name, columns in json.loads(sys.argv[1]).items():
    database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
for query in json.loads(sys.argv[2]):
    database.execute(f"EXPLAIN {query}")
