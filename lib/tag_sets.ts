/**
 * Sets of strings that a run edits: what it set last, so that not every edit reads the file. Pure.
 *
 * @module
 */

/** The sets of one run, by path. */
export class TagSets {
  readonly #sets = new Map<string, ReadonlySet<string>>();

  /**
   * Adds and removes.
   *
   * @param stored reads the set as the run file has it; undefined when there is none
   * @returns the set afterwards; undefined when there is none and nothing was added
   */
  edit(
    path: string,
    add: readonly string[],
    remove: readonly string[],
    stored: () => ReadonlySet<string> | undefined,
  ): ReadonlySet<string> | undefined {
    const before = this.#sets.get(path) ?? stored();
    if (before === undefined && add.length === 0) return undefined;
    const next = new Set(before);
    for (const tag of add) next.add(tag);
    for (const tag of remove) next.delete(tag);
    this.#sets.set(path, next);
    return next;
  }

  /** Forgets all: configs were set otherwise. */
  forget(): void {
    this.#sets.clear();
  }
}
