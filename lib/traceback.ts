/**
 * The text of an error as it is recorded: its stack, what caused it, and the errors it bundles.
 * Pure; takes anything that can be thrown and never throws.
 *
 * @module
 */

/** Longest traceback, in UTF-16 units; what is longer loses its middle. */
export const MAX_TRACEBACK_LENGTH = 65_536;

const MAX_DEPTH = 16;
const MAX_MEMBERS = 20;

/**
 * Formats an error.
 *
 * @param error anything that was thrown
 * @returns the stack, then `Caused by:` with each cause, then the members of an `AggregateError`
 * indented; at most {@linkcode MAX_TRACEBACK_LENGTH} units
 * @example
 * ```ts
 * const error = new Error("no data", { cause: new Error("disk is full") });
 * const text = formatTraceback(error);
 * // text contains "Error: no data", its stack, "Caused by: Error: disk is full" and that stack
 * ```
 */
export function formatTraceback(error: unknown): string {
  const text = describe(error, new Set(), 0);
  if (text.length <= MAX_TRACEBACK_LENGTH) return text;
  const marker = `\n... [${text.length - MAX_TRACEBACK_LENGTH} characters left out] ...\n`;
  const kept = MAX_TRACEBACK_LENGTH - marker.length;
  const head = Math.ceil(kept / 2);
  return (text.slice(0, head) + marker + text.slice(text.length - (kept - head))).toWellFormed();
}

function describe(error: unknown, above: Set<unknown>, depth: number): string {
  if (depth >= MAX_DEPTH) return "... [more causes left out]";
  if (above.has(error)) return `[the same error again: ${headOf(error)}]`;
  above.add(error);
  let text = stackOf(error);
  const cause = field(error, "cause");
  if (cause !== undefined) text += `\nCaused by: ${describe(cause, above, depth + 1)}`;
  const members = field(error, "errors");
  if (Array.isArray(members)) text += describeMembers(members, above, depth);
  above.delete(error); // only a chain may not repeat an error; two members may share a cause
  return text;
}

function describeMembers(members: readonly unknown[], above: Set<unknown>, depth: number): string {
  let text = "";
  members.slice(0, MAX_MEMBERS).forEach((member, index) => {
    const described = describe(member, above, depth + 1).replaceAll("\n", "\n    ");
    text += `\n  [${index + 1} of ${members.length}] ${described}`;
  });
  if (members.length > MAX_MEMBERS) text += `\n  ... [${members.length - MAX_MEMBERS} more]`;
  return text;
}

/** The stack with the error's name and message on top, whatever the engine puts there. */
function stackOf(error: unknown): string {
  const head = headOf(error);
  const stack = field(error, "stack");
  if (typeof stack !== "string" || stack === "") return head;
  const trimmed = stack.trimEnd();
  if (trimmed.startsWith(head)) return trimmed;
  const firstFrame = /^\s+at |^[^\n]*@[^\n]*:\d+:\d+$/m.exec(trimmed);
  if (firstFrame === null) return trimmed.includes(head) ? trimmed : `${head}\n${trimmed}`;
  return `${head}\n${trimmed.slice(firstFrame.index)}`;
}

/** `Name: message` of an error, or the value itself for anything else. */
function headOf(error: unknown): string {
  const message = field(error, "message");
  if (typeof error === "object" && error !== null && typeof message === "string") {
    const name = field(error, "name");
    const label = typeof name === "string" && name !== "" ? name : "Error";
    return message === "" ? label : `${label}: ${message}`;
  }
  try {
    return typeof error === "object" ? JSON.stringify(error) ?? String(error) : String(error);
  } catch { // cyclic, or a conversion that throws itself
    return "[a value that cannot be shown]";
  }
}

function field(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return undefined;
  }
  try {
    return (value as Record<string, unknown>)[name];
  } catch { // a getter that throws
    return undefined;
  }
}

/** The error's class, as the reason for which a run failed. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "uncaught error";
}
