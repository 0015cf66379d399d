/**
 * Files of old releases (tests/fixtures/goodseed, made by make_fixtures.py) through our reader and
 * our server: every row, and every answer that release 0.4.0 gives about them.
 */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Run } from "../../lib/mod.ts";
import { openDb } from "../../lib/store/open.ts";
import { RunReader } from "../../lib/store/run_reader.ts";
import { startReads } from "../../server/reads/mod.ts";
import type { ReadQuery, Reads } from "../../server/reads/types.ts";
import { ROOT, type TempDir, tempDir } from "../_harness.ts";
import { quietOptions } from "./_our_run.ts";

const FIXTURES = join(ROOT, "tests/fixtures/goodseed");
const PROJECT = "old";

type Point = [step: number, value: number | string, ts: number];

/** What make_fixtures.py noted about one file. */
interface Expected {
  readonly release: string;
  readonly run_id: string;
  readonly rows: {
    readonly meta: Record<string, string>;
    readonly configs: Record<string, [tag: string, text: string, updatedAt: string]>;
    readonly metrics: Record<string, Point[]>;
    readonly strings: Record<string, Point[]>;
  };
  readonly configs: Record<string, unknown>;
  readonly listed: Record<string, unknown> | null;
  readonly answers: Record<string, unknown>;
}
