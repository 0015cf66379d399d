/**
 * Text the way Python (and SQLite) orders and escapes it.
 *
 * @module
 */

/**
 * Orders two texts by code point, as Python's `sorted` and SQLite's BINARY collation do.
 * JavaScript's own order compares UTF-16 units and so puts U+E000–U+FFFF behind emoji.
 *
 * @returns below, at or above zero, for `Array.prototype.sort`
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they rank above all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** A JSON string in ASCII, byte for byte what Python's `json.dumps` writes. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
