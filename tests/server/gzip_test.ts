import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { acceptsGzip, gzipStream, gzipText } from "../../server/gzip.ts";

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [], reader = stream.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    pieces.push(step.value);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[next++];
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

test("gzipStream() and gzipText() give back what went in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 5000 })), async (pieces) => {
      const packed = await collect(gzipStream(streamOf(pieces)));
      assert.deepEqual(new Uint8Array(gunzipSync(packed)), new Uint8Array(Buffer.concat(pieces)));
    }),
    { numRuns: 50 },
  );
  assert.equal(gunzipSync(gzipText("grün\0")).toString(), "grün\0");
});

test("gzipStream() packs many megabytes of which only the reader's pace is taken", async () => {
  let made = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (made === 200) return controller.close();
      made++;
      controller.enqueue(crypto.getRandomValues(new Uint8Array(65536)));
    },
  });

  const reader = gzipStream(source).getReader();
  await reader.read();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve)); // nobody reads
  const madeAtOnce = made;
  let bytes = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes += step.value.length;
  }

  assert.ok(madeAtOnce < 20, `${madeAtOnce} pieces were made for one read`);
  assert.equal(made, 200);
  assert.ok(bytes > 195 * 65536);
});

test("gzipStream() hands errors of the source on", async () => {
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("torn"));
    },
  });

  await assert.rejects(collect(gzipStream(source)), /torn/);
});

test("gzipStream() cancels the source when the reader goes", async () => {
  let reason: unknown;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(65536))),
    cancel: (why) => void (reason = why),
  });
  const reader = gzipStream(source).getReader();
  await reader.read();

  await reader.cancel("enough");

  assert.equal(reason, "enough");
});

test("acceptsGzip() reads the header with its weights", () => {
  const accepts = (value?: string) =>
    acceptsGzip(
      new Request(
        "http://h/",
        value === undefined ? {} : { headers: { "accept-encoding": value } },
      ),
    );

  for (const yes of ["gzip", "GZIP", "br, gzip;q=0.5", "*", "x-gzip", "gzip; q=1.0"]) {
    assert.equal(accepts(yes), true, yes);
  }
  assert.equal(accepts(), false);
  for (const no of ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "notgzip"]) {
    assert.equal(accepts(no), false, no);
  }
});
