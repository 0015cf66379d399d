/**
 * Entry of a read Worker: answers one question after another.
 *
 * @module
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { type Answer, type PageQuery, Queries } from "./queries.ts";
import type { ReadQuery } from "./types.ts";
import { toWire, type WireError } from "./wire_error.ts";

/** What a Worker is started with. */
export interface WorkerSetup {
  readonly projectsDir: string;
  readonly cacheDir: string | undefined;
}

/** What a Worker is asked. */
export type ToWorker =
  | { readonly id: number; readonly query: ReadQuery | PageQuery }
  | { readonly close: true };

/** What it answers; the text of a page comes as bytes, because it goes on to a stream as bytes. */
export type FromWorker =
  | { readonly id: number; readonly answer: WireAnswer }
  | { readonly id: number; readonly error: WireError }
  | { readonly closed: true };

/** An answer whose text may be encoded already. */
export interface WireAnswer extends Omit<Answer, "text"> {
  readonly text: string | Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

if (!isMainThread && parentPort !== null) serve(parentPort, workerData as WorkerSetup);

type Port = NonNullable<typeof parentPort>;

function serve(port: Port, setup: WorkerSetup): void {
  const queries = new Queries(setup.projectsDir, setup.cacheDir);
  port.on("message", (message: ToWorker) => {
    if ("close" in message) {
      queries[Symbol.dispose]();
      post(port, { closed: true }); // the other side ends this thread: Deno's port has no close()
    } else {
      reply(port, queries, message.id, message.query);
    }
  });
}

function reply(port: Port, queries: Queries, id: number, query: ReadQuery | PageQuery): void {
  try {
    const answer = queries.answer(query);
    const inPages = answer.next !== undefined || query.q === "metricsPage" ||
      query.q === "stringsPage";
    if (!inPages) return post(port, { id, answer });
    const text = encoder.encode(answer.text);
    post(port, { id, answer: { ...answer, text } }, [text.buffer]);
  } catch (error) {
    post(port, { id, error: toWire(error) });
  }
}

function post(port: Port, message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
