/**
 * Command lines as text that a shell reads back. Pure.
 *
 * @module
 */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word, in quotes where it needs them. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
