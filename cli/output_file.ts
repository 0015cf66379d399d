/**
 * A file that is there whole or not at all.
 *
 * @module
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { ConflictError, messageOf, quoted, StoreError } from "../lib/errors.ts";
import { fdSink, type TextSink } from "./output.ts";

/** Settings of an {@linkcode OutputFile}. */
export interface OutputFileOptions {
  /** What a relative path starts from. */
  readonly cwd: string;
  /** Take the place of an existing file. */
  readonly replace: boolean;
}

/** Written beside its place, and put there by `commit()`. */
export class OutputFile implements Disposable {
  /** Where the file will be. */
  readonly path: string;
  readonly #options: OutputFileOptions;
  readonly #temporary: string;
  readonly #sink: TextSink;
  #fd: number | undefined;

  private constructor(path: string, temporary: string, fd: number, options: OutputFileOptions) {
    this.path = path;
    this.#temporary = temporary;
    this.#fd = fd;
    this.#sink = fdSink(fd);
    this.#options = options;
  }

  /**
   * Begins a file.
   *
   * @throws {ConflictError} it exists, and is not to be replaced
   * @throws {StoreError} it cannot be made
   */
  static create(file: string, options: OutputFileOptions): OutputFile {
    const path = resolve(options.cwd, file);
    refuseExisting(path, options);
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    try {
      rmSync(temporary, { force: true }); // left behind by a killed process of the same number
      return new OutputFile(path, temporary, openSync(temporary, "wx", 0o644), options);
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Appends a text. @throws {StoreError} the disk is full, or broken */
  write(text: string): boolean {
    try {
      return this.#sink(text);
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  /** Puts the file in its place. @throws {ConflictError} one has appeared there meanwhile */
  commit(): void {
    refuseExisting(this.path, this.#options);
    try {
      if (this.#fd !== undefined) fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temporary, this.path);
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  /** Removes what was not put in its place. */
  [Symbol.dispose](): void {
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function refuseExisting(path: string, options: OutputFileOptions): void {
  if (options.replace || !existsSync(path)) return;
  throw new ConflictError(
    `writing ${quoted(path)}: the file exists; choose another or add --force`,
  );
}

function writeError(path: string, error: unknown): StoreError {
  const advice = "check the folder and the room on the disk";
  return new StoreError(`writing ${quoted(path)}: ${messageOf(error)}; ${advice}`, path, {
    cause: error,
  });
}
