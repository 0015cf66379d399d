/**
 * Records 5,000 points without a single await and ends the way it is told to.
 *
 * Usage: exit_child.ts WAY HOME
 */
import process from "node:process";
import { writeSync } from "node:fs";
import { Run, withRun } from "../../lib/mod.ts";

const POINTS = 5000;
const [way = "", home = ""] = process.argv.slice(2);
const options = {
  project: "exit",
  runId: way,
  storage: "local",
  goodseedHome: home,
  quiet: true,
  captureStdout: false,
  captureStderr: false,
  captureHardwareMetrics: false,
  monitoringNamespace: "monitoring/test",
  gitRef: false,
} as const;

function log(run: Run, points = POINTS): void {
  for (let step = 0; step < points; step++) run.logMetrics({ loss: 1 / (step + 1) }, { step });
}

/** Tells the parent that everything has been logged. */
function ready(): void {
  writeSync(1, "ready\n");
}

/** Never yields for that long, in ms. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function started(): Run {
  const run = new Run(options);
  log(run);
  return run;
}

/** As {@linkcode started}, once the writer is there: a signal finds it at work. */
function startedAndWriting(): Run {
  const run = new Run(options);
  run.sync();
  log(run);
  return run;
}

const ways: Record<string, () => void | Promise<void>> = {
  "end": () => void started(),
  "close": () => void started().close(),
  "close-failed": () => void started().close({ status: "failed" }),
  "close-own-status": () => void started().close({ status: "diverged" }),
  "process-exit-0": () => {
    started();
    process.exit(0);
  },
  "process-exit-3": () => {
    started();
    process.exit(3);
  },
  "exit-code-4": () => {
    started();
    process.exitCode = 4;
  },
  "deno-exit-3": () => {
    started();
    (globalThis as unknown as { Deno: { exit(code: number): never } }).Deno.exit(3);
  },
  "throw": () => {
    started();
    throw new Error("boom");
  },
  "throw-string": () => {
    started();
    // deno-lint-ignore no-throw-literal -- a program may do so
    throw "boom";
  },
  "throw-in-timer": () => {
    started();
    setTimeout(() => {
      throw new Error("boom");
    }, 5);
  },
  "rejection": () => {
    started();
    void Promise.reject(new Error("boom"));
    setTimeout(() => {}, 200);
  },
  "rejection-handled-by-user": () => {
    process.on("unhandledRejection", () => {});
    globalThis.addEventListener?.("unhandledrejection", (event) => event.preventDefault());
    started();
    void Promise.reject(new Error("boom"));
    setTimeout(() => {}, 200);
  },
  "signal-idle": () => {
    startedAndWriting();
    ready();
    setTimeout(() => {}, 20_000);
  },
  "signal-busy": () => {
    startedAndWriting();
    ready();
    busy(20_000);
  },
  "signal-busy-then-idle": () => {
    startedAndWriting();
    ready();
    busy(1500);
    setTimeout(() => {}, 20_000);
  },
  "signal-booting": () => {
    started();
    ready();
    setTimeout(() => {}, 20_000);
  },
  "signal-users-handler": () => {
    process.on("SIGTERM", () => process.exit(7));
    startedAndWriting();
    ready();
    setTimeout(() => {}, 20_000);
  },
  "signal-not-ours": () => {
    const run = new Run({ ...options, handleSignals: false });
    run.sync();
    log(run);
    run.sync();
    ready();
    setTimeout(() => {}, 20_000);
  },
  "using": () => {
    using run = new Run(options);
    log(run);
  },
  "await-using": async () => {
    await using run = new Run(options);
    log(run);
  },
  "using-throw": () => {
    using run = new Run(options);
    log(run);
    throw new Error("boom");
  },
  "await-using-throw": async () => {
    await using run = new Run(options);
    log(run);
    throw new Error("boom");
  },
  "with-run": () => withRun(options, (run) => log(run)),
  "with-run-throw": () =>
    withRun(options, (run) => {
      log(run);
      throw new Error("boom");
    }),
  "with-run-throw-caught": async () => {
    try {
      await withRun(options, (run) => {
        log(run);
        throw new Error("boom");
      });
    } catch { // the program goes on; the run has failed
    }
  },
  "booting": () => {
    const run = new Run(options);
    log(run, 1);
    process.exit(0);
  },
  "no-points": () => void new Run(options),
  "no-points-exit-3": () => {
    new Run(options);
    process.exit(3);
  },
  "two-runs": () => {
    const first = started();
    const second = new Run({ ...options, runId: `${way}-second` });
    log(second);
    log(first);
  },
  "two-runs-one-closed": () => {
    const first = started();
    const second = new Run({ ...options, runId: `${way}-second` });
    log(second);
    first.close();
    process.exit(3);
  },
};

const end = ways[way];
if (end === undefined) throw new Error(`no way out is called ${way}`);
await end();
