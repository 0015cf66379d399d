/**
 * The record stream's codec: JSON lines to records and back, without loss.
 * The format is described in `docs/record-stream.md`.
 *
 * @module
 */
export { formatRecord } from "./record_format.ts";
export { parseLine } from "./record_parse.ts";
export type { ParsedLine } from "./record_short.ts";
