/**
 * The writer's Worker: puts what the program logs into the run file and hosts its monitors, while
 * the program's own thread never waits. Does nothing when it is imported elsewhere.
 *
 * @module
 */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { onEndSignal } from "./runtime/signals.ts";
import type { WriterInit, WriterNotice, WriterRequest } from "./worker_protocol.ts";
import { WorkerMonitors } from "./worker_monitors.ts";
import { WriterLoop } from "./writer_loop.ts";

/** True when this module was started as a run's writer. */
function isWriter(data: unknown): data is WriterInit {
  return !isMainThread && (data as WriterInit | null)?.kind === "goodseed-writer";
}

function main(init: WriterInit): void {
  const port = parentPort!;
  const tell = (message: string): void =>
    port.postMessage({ kind: "problem", message } satisfies WriterNotice);
  let stopSignals = (): void => {};
  const loop = new WriterLoop(init, tell, () => stopSignals());
  port.on("message", (request: WriterRequest) => loop.handle(request));
  if (init.signals) {
    stopSignals = onEndSignal((signal) => {
      loop.provisionalEnd({ status: "failed", reason: signal, mark: true });
    });
  }
  const monitors = init.monitors && new WorkerMonitors(init.monitors, loop.writer, tell);
  loop.start(monitors);
  monitors?.start();
}

if (isWriter(workerData)) main(workerData);
