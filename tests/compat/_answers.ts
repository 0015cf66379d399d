/** Answers of two servers side by side: what must be equal, and what may differ. */
import assert from "node:assert/strict";

/** The JSON body of a good answer. */
export async function body<T = unknown>(url: string): Promise<T> {
  const reply = await fetch(url);
  const text = await reply.text();
  assert.equal(reply.status, 200, `${url}: ${text}`);
  return JSON.parse(text) as T;
}

/** The part of `ours` that `theirs` has keys for: our run lists tell more. */
export function withKeysOf(
  ours: Record<string, unknown>,
  theirs: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(Object.keys(theirs).map((key) => [key, ours[key]]));
}

/** What `GET /api/projects` and `GET /api/runs` answer. */
interface Lists {
  readonly projects?: readonly Record<string, unknown>[];
  readonly runs?: readonly Record<string, unknown>[];
}

/**
 * Asserts that our answer says what theirs says. Lists of runs may have keys of ours beside; the
 * time of a file's last change is compared in ms.
 */
export function assertSameAnswer(ours: unknown, theirs: unknown, what: string): void {
  const [our, their] = [ours as Lists, theirs as Lists];
  if (Array.isArray(their.projects)) {
    const inMs = (list: Lists["projects"]) =>
      list?.map((p) => ({ ...p, last_modified: Date.parse(String(p.last_modified)) }));
    assert.deepEqual(inMs(our.projects), inMs(their.projects), what);
  } else if (Array.isArray(their.runs)) {
    const kept = our.runs?.map((run, i) => withKeysOf(run, their.runs?.[i] ?? run));
    assert.deepEqual(kept, their.runs, what);
  } else {
    assert.deepEqual(ours, theirs, what);
  }
}
