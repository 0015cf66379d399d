/**
 * Reading the kernel's little files, which may be missing, forbidden or gone in between.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { mayRead } from "../lib/runtime/permissions.ts";

/**
 * Reads a small file.
 *
 * @param path absolute path
 * @returns its text; undefined when it cannot be read for whatever reason
 */
export function readText(path: string): string | undefined {
  if (!mayRead(path)) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch { // absent on this system, or the process it tells about has ended
    return undefined;
  }
}

/**
 * Lists a folder.
 *
 * @param path absolute path
 * @returns the names in it; empty when it cannot be read
 */
export function readNames(path: string): string[] {
  if (!mayRead(path)) return [];
  try {
    return readdirSync(path);
  } catch { // absent on this system, or the process it tells about has ended
    return [];
  }
}
