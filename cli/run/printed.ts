/**
 * Lines of a command's output, on their way to the patterns of `--parse`.
 *
 * @module
 */
import type { RunRecord } from "../../lib/records.ts";
import { LineAssembler } from "../../monitors/console_lines.ts";
import type { CommandContext } from "../context.ts";
import { printable } from "../output.ts";
import { foundMetrics, type LinePattern, parsedPart } from "./parse_lines.ts";
import { ParseWorker } from "./parse_worker.ts";

/** Finds metrics in both streams. */
export class PrintedMetrics {
  readonly #lines = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  readonly #worker: ParseWorker;

  /**
   * @param patterns at least one
   * @param put takes the metrics
   */
  constructor(
    patterns: readonly LinePattern[],
    put: (record: RunRecord) => void,
    ctx: CommandContext,
  ) {
    this.#worker = new ParseWorker(patterns, {
      onMatch(pattern, groups, ts) {
        for (const { path, value, step } of foundMetrics(pattern, groups)) {
          put({ t: "metric", path, value, ts, ...(step === undefined ? {} : { step }) });
        }
      },
      onDisabled(pattern, why) {
        const given = printable(pattern.given);
        ctx.stderr(`goodseed: --parse '${given}' is switched off: ${why}\n`);
      },
    });
  }

  /** Takes text as it was printed; resolves when there is room for more. @param ts ms since 1970 */
  print(stream: "stdout" | "stderr", text: string, ts: number): Promise<void> {
    for (const line of this.#lines[stream].push(text)) this.#worker.push(parsedPart(line), ts);
    return this.#worker.room();
  }

  /** Looks at what is left. @param ts ms since 1970 */
  async finish(ts: number): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of this.#lines[stream].finish()) this.#worker.push(parsedPart(line), ts);
    }
    await this.#worker.finish();
  }
}
