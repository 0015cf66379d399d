/** Recorded outputs of foreign tools, and stand-ins for those tools that print them. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT, type TempDir } from "../_harness.ts";

/** Text of a file under `tests/fixtures/monitors`. */
export function fixture(name: string): string {
  return readFileSync(fixturePath(name), "utf8");
}

/** Path of a file under `tests/fixtures/monitors`. */
export function fixturePath(name: string): string {
  return join(ROOT, "tests", "fixtures", "monitors", name);
}

/** Writes an executable shell script into a folder. */
export function standIn(dir: TempDir, name: string, script: string): string {
  const path = dir.join(name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Puts a folder in front of the PATH while `work` runs. */
export async function withPath<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}:${before}`;
  try {
    return await work();
  } finally {
    process.env["PATH"] = before;
  }
}
