/**
 * Brings the tables of files that older versions wrote up to the present ones.
 *
 * @module
 */
import type { Db } from "./driver.ts";

const UPLOADABLE = ["configs", "metric_points", "string_points"];

/** Adds the `uploaded` columns that files before schema version 1 lack. Needs a transaction. */
export function upgradeOldTables(db: Db): void {
  for (const table of UPLOADABLE) {
    const info = db.prepare(`PRAGMA table_info(${table})`);
    const columns = info.all().map((row) => row[1]);
    if (columns.length > 0 && !columns.includes("uploaded")) {
      db.exec(`ALTER TABLE ${table} ADD COLUMN uploaded INTEGER NOT NULL DEFAULT 0`);
    }
  }
}
