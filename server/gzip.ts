/**
 * gzip at level 1: five times cheaper than the default and not much larger.
 *
 * @module
 */
import { createGzip, gzipSync } from "node:zlib";

const LEVEL = { level: 1 };

/** True when the client takes gzip (`Accept-Encoding` with a weight above 0). */
export function acceptsGzip(request: Request): boolean {
  for (const part of (request.headers.get("accept-encoding") ?? "").split(",")) {
    const [coding = "", ...params] = part.toLowerCase().split(";").map((text) => text.trim());
    if (coding !== "gzip" && coding !== "x-gzip" && coding !== "*") continue;
    return !params.some((param) => /^q=0(\.0*)?$/.test(param));
  }
  return false;
}

/** Compresses a text at once: about 5 ms a MiB. */
export function gzipText(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(text, LEVEL));
}

/** Compresses a stream piece by piece, as fast as the reader takes it; cancelling goes through. */
export function gzipStream(source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = source.getReader(), gzip = createGzip(LEVEL);
  let produced = false, ended = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      gzip.on("data", (piece: Uint8Array) => {
        produced = true;
        controller.enqueue(new Uint8Array(piece));
      });
      gzip.on("end", () => controller.close());
      gzip.on("error", (error: unknown) => controller.error(error));
    },
    async pull() { // a pull that enqueues nothing is not repeated, so go on until something came
      produced = false;
      while (!produced && !ended) {
        const { done, value } = await reader.read();
        ended = done;
        if (done) gzip.end();
        else await new Promise<void>((resolve) => gzip.write(value, () => resolve()));
      }
    },
    async cancel(reason) {
      gzip.destroy();
      await reader.cancel(reason);
    },
  });
}
