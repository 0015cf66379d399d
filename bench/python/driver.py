"""Rows a second that Python's own sqlite3 writes; see bench/driver.ts."""

import os
import sqlite3
import time

from common import number_options, own_folder, report

ROWS, SERIES = 10_000, 10
DDL = """
CREATE TABLE metric_series (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE);
CREATE TABLE metric_points (
  series_id INTEGER NOT NULL REFERENCES metric_series(id),
  step REAL NOT NULL, y REAL NOT NULL, ts INTEGER NOT NULL,
  uploaded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (series_id, step));
"""
PUT = "INSERT OR REPLACE INTO metric_points(series_id, step, y, ts) VALUES (?, ?, ?, ?)"


def put_rows(db, first):
    db.execute("BEGIN IMMEDIATE")
    for row in range(first, first + ROWS):
        db.execute(PUT, (row % SERIES, row // SERIES, 1 / (row + 3), 1.5e9 + row / 1000))
    db.execute("COMMIT")


def main():
    transactions = number_options(transactions=20).transactions
    with own_folder() as folder:
        db = sqlite3.connect(os.path.join(folder, "rows.sqlite"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-4000"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        db.executescript(DDL)
        put_rows(db, 0)
        start = time.perf_counter()
        for i in range(1, transactions + 1):
            put_rows(db, i * ROWS)
        seconds = time.perf_counter() - start
        db.close()
    report(rows_per_s=transactions * ROWS / seconds)


main()
