/**
 * JSON as other languages really write it.
 *
 * @module
 */

/** Stands for a bare `NaN` while the rest is parsed; no text that people log looks like this. */
const NAN_MARK = "\u0000 bare NaN \u0000";
const WORD_CHAR = /[\w.+]/;

/**
 * Parses JSON, and also the bare tokens `NaN`, `Infinity` and `-Infinity` that Python's
 * `json.dumps` writes; plain JSON costs nothing extra.
 *
 * @returns the value; the tokens are the numbers they name
 * @throws {SyntaxError} when it is not JSON even so
 *
 * @example
 * ```ts
 * import { parseJson } from "./json_parse.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseJson('{"loss": NaN, "note": "NaN"}'), { loss: NaN, note: "NaN" });
 * ```
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  return JSON.parse(
    replaceTokens(text),
    (_key, value: unknown) => value === NAN_MARK ? NaN : value,
  );
}

/** Puts a number too large for float64 in place of `Infinity`, and the mark in place of `NaN`. */
function replaceTokens(text: string): string {
  const parts: string[] = [];
  const interesting = /["NI]/g;
  let done = 0;
  for (let match = interesting.exec(text); match !== null; match = interesting.exec(text)) {
    const at = match.index;
    if (match[0] === '"') {
      interesting.lastIndex = endOfString(text, at + 1);
      continue;
    }
    const token = match[0] === "N" ? "NaN" : "Infinity";
    if (!isToken(text, at, token)) continue;
    parts.push(text.slice(done, at), token === "NaN" ? JSON.stringify(NAN_MARK) : "1e999");
    done = at + token.length;
    interesting.lastIndex = done;
  }
  return parts.join("") + text.slice(done);
}

/** The place behind the quote that ends the string which starts at `from`. */
function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

/** True for the token as a value: not a part of a longer word, and not the name of a field. */
function isToken(text: string, at: number, token: string): boolean {
  if (!text.startsWith(token, at)) return false;
  const next = at + token.length;
  if (WORD_CHAR.test(text[at - 1] ?? " ") || WORD_CHAR.test(text[next] ?? " ")) return false;
  let i = next;
  while (i < text.length && " \t\r\n".includes(text[i] as string)) i++;
  return text[i] !== ":";
}
