/**
 * Opens run files for one piece of work each: a connection that stays open beside a writer would keep
 * it from cleaning up. Only private copies are kept for a while, because making one costs.
 *
 * @module
 */
import { type OpenReaderOptions, readError } from "../../lib/store/open_reader.ts";
import { RunReader } from "../../lib/store/run_reader.ts";

const ATTEMPTS = 3;
const MAX_COPIES = 4;
const COPY_IDLE_MS = 30_000;

/** Access to run files. */
export class RunAccess implements Disposable {
  readonly #options: OpenReaderOptions;
  readonly #copies = new Map<string, { readonly run: RunReader; idle: number | undefined }>();

  constructor(options: OpenReaderOptions = {}) {
    this.#options = options;
  }

  /**
   * Opens a run, works with it and closes it; again when a writer came to a file that was read
   * without locks. So `work` may run more than once and must only read.
   *
   * @throws {NotFoundError} there is no such file
   * @throws {StoreError} it cannot be read
   */
  use<T>(path: string, work: (run: RunReader) => T): T {
    for (let attempt = 1;; attempt++) {
      const run = this.#keptCopy(path) ?? RunReader.open(path, this.#options);
      try {
        const result = work(run);
        if (attempt === ATTEMPTS || !run.changed()) return result;
      } catch (error) {
        if (attempt === ATTEMPTS || !run.changed()) throw storeError(path, error);
      } finally {
        this.#release(path, run);
      }
    }
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#copies.keys()]) this.#drop(path);
  }

  #keptCopy(path: string): RunReader | undefined {
    const run = this.#copies.get(path)?.run;
    if (run?.changed() === true) {
      this.#drop(path);
      return undefined;
    }
    return run;
  }

  #release(path: string, run: RunReader): void {
    if (run.how !== "copy" || run.changed()) {
      if (this.#copies.get(path)?.run === run) this.#copies.delete(path);
      run.close();
      return;
    }
    const kept = this.#copies.get(path) ?? { run, idle: undefined };
    this.#copies.delete(path);
    this.#copies.set(path, kept); // the newest one is the last
    clearTimeout(kept.idle);
    const idle = setTimeout(() => this.#drop(path), COPY_IDLE_MS);
    (idle as unknown as { unref?(): void }).unref?.();
    kept.idle = idle as unknown as number;
    if (this.#copies.size > MAX_COPIES) this.#drop(this.#copies.keys().next().value!);
  }

  #drop(path: string): void {
    const kept = this.#copies.get(path);
    this.#copies.delete(path);
    clearTimeout(kept?.idle);
    kept?.run.close();
  }
}

/** Errors of SQLite get the words of errors of ours; others are passed on. */
function storeError(path: string, error: unknown): unknown {
  const isSqlite = (error as { code?: unknown }).code === "ERR_SQLITE_ERROR" ||
    /database|SQL|ERR_OUT_OF_RANGE/.test(String(error));
  return error instanceof Error && error.name === "Error" && isSqlite
    ? readError(path, error)
    : error;
}
