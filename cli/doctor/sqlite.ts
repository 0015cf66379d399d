/**
 * SQLite: which, and by which driver.
 *
 * @module
 */
import { currentDriver, openDb } from "../../lib/store/open.ts";
import { type Check, ok, problem } from "./check.ts";

/** Oldest version with everything that is used here. */
const OLDEST = [3, 26];

/** Version and driver in use. */
export const sqliteCheck: Check = {
  name: "sqlite",
  usesHome: false,
  run() {
    const driver = currentDriver().name;
    const db = openDb(":memory:", { mode: "write" });
    try {
      const find = db.prepare("SELECT sqlite_version()");
      const version = String(find.all()[0]?.[0]);
      const [major = 0, minor = 0] = version.split(".").map(Number);
      const found = `SQLite ${version} by ${driver}`;
      const isOld = major < OLDEST[0]! || (major === OLDEST[0]! && minor < OLDEST[1]!);
      if (!isOld) return ok(found);
      return problem(`${found}; ${OLDEST.join(".")} is needed`, "unset GOODSEED_SQLITE");
    } finally {
      db.close();
    }
  },
};
