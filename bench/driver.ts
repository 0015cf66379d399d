/**
 * Rows a second that the SQLite driver in use (`GOODSEED_SQLITE`) writes into `metric_points`:
 * `INSERT OR REPLACE`, one row a statement, 10,000 rows a transaction, ten series in turn.
 *
 * @module
 */
import { join } from "node:path";
import type { Statement } from "../lib/store/driver.ts";
import { openDb, transaction } from "../lib/store/open.ts";
import { SEED_DDL, WRITER_PRAGMAS } from "../lib/store/schema.ts";
import { numberOptions, ownFolder, report } from "./_child.ts";

const ROWS = 10_000, SERIES = 10;

function putRows(put: Statement, from: number): void {
  for (let row = from; row < from + ROWS; row++) {
    put.run(row % SERIES, Math.floor(row / SERIES), 1 / (row + 3), 1.5e9 + row / 1000);
  }
}

function main(): void {
  const { transactions } = numberOptions({ transactions: 20 });
  using folder = ownFolder();
  const db = openDb(join(folder.path, "rows.sqlite"), { mode: "write" });
  db.exec(WRITER_PRAGMAS);
  db.exec(SEED_DDL);
  const put = db.prepare(
    "INSERT OR REPLACE INTO metric_points(series_id, step, y, ts) VALUES (?, ?, ?, ?)",
  );
  transaction(db, () => putRows(put, 0)); // warm
  const start = performance.now();
  for (let i = 1; i <= transactions; i++) transaction(db, () => putRows(put, i * ROWS));
  const ms = performance.now() - start;
  db.close();
  report({ rows_per_s: transactions * ROWS / ms * 1e3 });
}

main();
