// deno-lint-ignore-file no-console -- printing is the subject
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { tapConsole } from "../../lib/runtime/console.ts";
import { PlainRenderer } from "../../lib/runtime/console_format.ts";
import { consoleRenderer } from "../../lib/runtime/console_render.ts";
import { cleanEnv, ROOT, runtimeArgs, type TempDir, tempDir } from "../_harness.ts";

const isBun = "Bun" in globalThis;

interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of this folder with both streams in files or in pipes. */
async function run(
  dir: TempDir,
  into: "file" | "pipe",
  script: string,
  ...rest: string[]
): Promise<Printed> {
  const [command, args] = runtimeArgs(join(ROOT, "tests", "monitors", script), ...rest);
  const env = cleanEnv();
  if (into === "file") {
    const files = [openSync(dir.join("1"), "w"), openSync(dir.join("2"), "w")] as const;
    const child = spawn(command, args, { env, stdio: ["ignore", ...files] });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    files.forEach(closeSync);
    const [stdout, stderr] = [dir.join("1"), dir.join("2")].map((f) => readFileSync(f, "utf8"));
    return { code, stdout: stdout!, stderr: stderr! };
  }
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { code, stdout, stderr };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

for (const into of ["file", "pipe"] as const) {
  test(`tapConsole() leaves the bytes in a ${into} as they were and sees each once`, async () => {
    using dir = tempDir();
    const plain = await run(dir, into, "_console_child.ts");
    const tapped = await run(dir, into, "_console_child.ts", dir.join("seen.json"));

    assert.equal(plain.code, 0, plain.stderr);
    assert.deepEqual(tapped, plain);
    const seen = JSON.parse(readFileSync(dir.join("seen.json"), "utf8")) as [string, string][];
    const of = (stream: string): string =>
      seen.filter(([name]) => name === stream).map(([, text]) => text).join("");
    const [printed] = plain.stdout.split("after the tap");
    assert.equal(of("stderr"), plain.stderr);
    // where values are rendered twice, what they print themselves comes after them
    const nested = "nested\nTALKATIVE\n";
    assert.equal(of("stdout"), isBun ? printed!.replace(nested, "TALKATIVE\nnested\n") : printed);
  });
}

test("tapConsole() costs little of a console.log call", async () => {
  using dir = tempDir();
  const { stderr } = await run(dir, "file", "_tap_cost.ts");
  const cost = JSON.parse(stderr) as Record<"string" | "object", { ratio: number }>;

  // measured: strings 1.0-1.4, objects 1.1-1.3 on Deno and 2.5 on Bun; a busy machine adds to that
  assert.ok(cost.string.ratio < 3, stderr);
  assert.ok(cost.object.ratio < 6, stderr);
});

test("tapConsole() serves several taps, each with the streams that it wants", () => {
  const both: string[] = [], errors: string[] = [];
  const untapBoth = tapConsole({ stdout: true, stderr: true }, (stream, text) => {
    both.push(`${stream} ${text}`);
  });
  const untapErrors = tapConsole({ stdout: false, stderr: true }, (stream, text) => {
    errors.push(`${stream} ${text}`);
  });
  console.log("one");
  console.error("two");
  untapBoth();
  console.error("three");
  untapErrors();
  console.error("four");

  assert.deepEqual(both, ["stdout one\n", "stderr two\n"]);
  assert.deepEqual(errors, ["stderr two\n", "stderr three\n"]);
});

test("tapConsole() puts everything back with the last tap", () => {
  const before = [console.log, console.trace, process.stdout.write];
  const untap = tapConsole({ stdout: true, stderr: true }, () => {});
  const during = console.log;
  untap();
  untap();

  assert.deepEqual([console.log, console.trace, process.stdout.write], before);
  assert.equal(during.name, "log");
});

test("tapConsole() leaves a method alone that somebody replaced meanwhile", () => {
  const original = console.info;
  const mine: string[] = [];
  const untap = tapConsole({ stdout: true, stderr: false }, () => {});
  try {
    console.info = (text: string) => void mine.push(text);
    untap();
    console.info("mine");
    assert.deepEqual(mine, ["mine"]);
  } finally {
    console.info = original;
  }
});

test("tapConsole() does not show a listener what it prints itself", () => {
  const seen: string[] = [];
  const untap = tapConsole({ stdout: true, stderr: true }, (_stream, text) => {
    seen.push(text);
    console.error("the listener speaks");
    process.stderr.write("and again\n");
  });
  console.log("once");
  untap();

  assert.deepEqual(seen, ["once\n"]);
});

test("tapConsole() keeps errors of a listener away from the program", () => {
  const seen: string[] = [];
  const untapBad = tapConsole({ stdout: true, stderr: true }, () => {
    throw new Error("broken listener");
  });
  const untapGood = tapConsole({ stdout: true, stderr: true }, (_stream, text) => {
    seen.push(text);
  });
  console.log("through");
  untapBad();
  untapGood();

  assert.deepEqual(seen, ["through\n"]);
});

test("tapConsole() sees a program's own console method once", () => {
  const original = console.debug;
  const seen: string[] = [];
  try {
    console.debug = (...args: unknown[]) => void process.stderr.write(`[mine] ${args.join(" ")}\n`);
    const untap = tapConsole({ stdout: true, stderr: true }, (stream, text) => {
      seen.push(`${stream} ${text}`);
    });
    console.debug("a", 1);
    untap();
  } finally {
    console.debug = original;
  }

  assert.deepEqual(seen, ["stderr [mine] a 1\n"]);
});

test("tapConsole() sees what a formatted value prints itself", () => {
  const seen: string[] = [];
  const talkative = {
    [Symbol.for("nodejs.util.inspect.custom")]: () => {
      console.log("nested");
      return "TALKATIVE";
    },
  };
  const untap = tapConsole({ stdout: true, stderr: true }, (_stream, text) => {
    seen.push(text);
  });
  console.log(talkative);
  untap();

  assert.deepEqual(seen.toSorted(), ["TALKATIVE\n", "nested\n"]);
});

test("consoleRenderer() without the runtime's own formatter still gives useful text", () => {
  const renderer = consoleRenderer({ plain: true });
  const text = (method: string, ...args: unknown[]): string =>
    renderer.render(method, args).map((piece) => piece.text).join("");

  assert.equal(
    text("log", "loss %d after %i steps", 0.5, 10.9, "x"),
    "loss 0.5 after 10 steps x\n",
  );
  assert.match(text("log", { a: 1 }), /a: 1/);
  assert.match(text("table", [{ a: 1 }]), /a/);
});

test("PlainRenderer keeps groups, counters and timers", () => {
  let nowMs = 0;
  const renderer = new PlainRenderer({
    inspect: (value) => JSON.stringify(value) ?? "undefined",
    table: (data) => `table of ${JSON.stringify(data)}\n`,
    stderrMethods: new Set(["warn"]),
    now: () => nowMs,
  });
  const calls: [string, unknown[], string | undefined][] = [
    ["group", ["g"], "g\n"],
    ["log", ["a\nb", { x: 1 }], '  a\n  b {"x":1}\n'],
    ["group", [], undefined],
    ["dir", [{ y: 2 }], '    {"y":2}\n'],
    ["groupEnd", [], undefined],
    ["groupEnd", [], undefined],
    ["groupEnd", [], undefined],
    ["count", [], "default: 1\n"],
    ["count", [], "default: 2\n"],
    ["countReset", [], undefined],
    ["count", ["default"], "default: 1\n"],
    ["assert", [true, "x"], undefined],
    ["assert", [0], "Assertion failed\n"],
    ["assert", [0, "%s!", "why"], "why!\n"],
    ["table", [[1]], "table of [1]\n"],
    ["table", [5], "5\n"],
    ["log", ["%s %j %% %c|%x", "s", { j: 1 }, "css"], 's {"j":1} % |%x\n'],
    ["log", ["%s"], "%s\n"],
    ["timeEnd", ["t"], undefined],
  ];
  for (const [method, args, expected] of calls) {
    assert.equal(renderer.render(method, args)[0]?.text, expected, method);
  }
  renderer.render("time", ["t"]);
  nowMs = 12.345;
  assert.equal(renderer.render("timeLog", ["t", "so far"])[0]?.text, "[12.35ms] t so far\n");
  assert.equal(renderer.render("warn", ["w"])[0]?.stream, "stderr");
});
