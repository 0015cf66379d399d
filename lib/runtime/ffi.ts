/**
 * The smallest seam to native libraries: the same table of symbols for `Deno.dlopen` and `bun:ffi`.
 *
 * Integers of 64 bits come back as bigint on both runtimes; a null pointer is `null` on both.
 * A buffer handed to a call must stay referenced until the call returns, and longer when the
 * library keeps its address.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any -- Deno and Bun describe one thing by two sets of types
import { createRequire } from "node:module";

/** Type of a parameter. `buffer` is the address of a typed array, or `null`. */
export type FfiParameter = "i32" | "u32" | "i64" | "u64" | "f64" | "pointer" | "buffer";

/** Type of a result. */
export type FfiResult = Exclude<FfiParameter, "buffer"> | "void";

/** An address in native memory, never null; opaque, because the runtimes differ. */
export type Pointer = { readonly __pointer: unique symbol };

/** Signature of one native function. */
export interface FfiSymbol {
  readonly parameters: readonly FfiParameter[];
  readonly result: FfiResult;
}

/** Table of the functions that are wanted of a library. */
export type FfiSymbols = Readonly<Record<string, FfiSymbol>>;

interface ArgumentOf {
  readonly i32: number;
  readonly u32: number;
  readonly i64: bigint | number;
  readonly u64: bigint | number;
  readonly f64: number;
  readonly pointer: Pointer | null;
  readonly buffer: ArrayBufferView | null;
}

interface ResultOf {
  readonly i32: number;
  readonly u32: number;
  readonly i64: bigint;
  readonly u64: bigint;
  readonly f64: number;
  readonly pointer: Pointer | null;
  readonly void: void;
}

type Arguments<P extends readonly FfiParameter[]> = { -readonly [I in keyof P]: ArgumentOf[P[I]] };

/** The native functions of a table, with the types that the table gives them. */
export type FfiCalls<S extends FfiSymbols> = {
  readonly [Name in keyof S]: (
    ...args: Arguments<S[Name]["parameters"]>
  ) => ResultOf[S[Name]["result"]];
};

/** Reading native memory. */
export interface FfiMemory {
  /** The text at an address up to its NUL, decoded as UTF-8. */
  cString(pointer: Pointer): string;
  /** A copy of `length` bytes at an address (`offset` in bytes). */
  bytes(pointer: Pointer, length: number, offset?: number): Uint8Array<ArrayBuffer>;
  /** The pointer that is stored at an address (`offset` in bytes); null when it is null. */
  pointerAt(pointer: Pointer, offset?: number): Pointer | null;
  /** Makes a pointer of an address, such as a library wrote into an out parameter. */
  toPointer(address: bigint): Pointer | null;
  /** The address of a pointer; 0 for null. */
  addressOf(pointer: Pointer | null): bigint;
}

/** An opened library. */
export interface FfiLibrary<S extends FfiSymbols> {
  /** The name under which it was found. */
  readonly name: string;
  readonly symbols: FfiCalls<S>;
  readonly memory: FfiMemory;
  /** Unloads the library; none of its functions may be called afterwards. */
  close(): void;
}

/** Settings of {@linkcode openLibrary}. */
export interface OpenLibraryOptions {
  /** Called for each name that could not be opened, with the reason. */
  readonly onFailure?: (name: string, error: unknown) => void;
}

/**
 * Opens the first library of `names` that can be opened.
 *
 * @param names file names or paths, in the order in which they are tried
 * @param symbols the functions wanted; all of them must exist
 * @returns undefined when none opens, when native calls are not permitted, and on other runtimes
 */
export function openLibrary<const S extends FfiSymbols>(
  names: string | readonly string[],
  symbols: S,
  options: OpenLibraryOptions = {},
): FfiLibrary<S> | undefined {
  const open = opener();
  if (open === undefined) return undefined;
  for (const name of typeof names === "string" ? [names] : names) {
    try {
      return open(name, symbols) as FfiLibrary<S>;
    } catch (error) { // the next name is tried; the caller hears of it
      options.onFailure?.(name, error);
    }
  }
  return undefined;
}

type Opener = (name: string, symbols: FfiSymbols) => FfiLibrary<FfiSymbols>;

function opener(): Opener | undefined {
  const { Deno, Bun } = globalThis as any;
  if (Bun !== undefined) {
    const ffi = createRequire(import.meta.url)("bun:ffi");
    return (name, symbols) => openBun(ffi, name, symbols);
  }
  if (Deno?.dlopen === undefined) return undefined;
  return (name, symbols) => openDeno(Deno, name, symbols);
}

function openDeno(deno: any, name: string, symbols: FfiSymbols): FfiLibrary<FfiSymbols> {
  // asked first: `dlopen` itself would stop and prompt on a terminal
  const state = deno.permissions.querySync({ name: "ffi", path: name }).state;
  if (state !== "granted") throw new Error(`native calls are not permitted (ffi: ${state})`);
  const library = deno.dlopen(name, symbols);
  const { UnsafePointer, UnsafePointerView: View } = deno;
  const memory: FfiMemory = {
    cString: (pointer) => View.getCString(pointer),
    bytes: (pointer, length, offset = 0) => {
      const out = new Uint8Array(length);
      if (length > 0) View.copyInto(pointer, out, offset);
      return out;
    },
    pointerAt: (pointer, offset = 0) => new View(pointer).getPointer(offset),
    toPointer: (address) => UnsafePointer.create(address),
    addressOf: (pointer) => BigInt(UnsafePointer.value(pointer)),
  };
  return { name, symbols: library.symbols, memory, close: () => library.close() };
}

function openBun(ffi: any, name: string, symbols: FfiSymbols): FfiLibrary<FfiSymbols> {
  const native = (type: string) => (type === "pointer" || type === "buffer" ? "ptr" : type);
  const table = Object.fromEntries(
    Object.entries(symbols).map(([symbol, { parameters, result }]) => [
      symbol,
      { args: parameters.map(native), returns: native(result) },
    ]),
  );
  const library = ffi.dlopen(name, table);
  const memory: FfiMemory = {
    cString: (pointer) => String(new ffi.CString(pointer)),
    bytes: (pointer, length, offset = 0) =>
      length === 0
        ? new Uint8Array(0)
        : new Uint8Array(ffi.toArrayBuffer(pointer, offset, length).slice(0)),
    pointerAt: (pointer, offset = 0) => (ffi.read.ptr(pointer, offset) || null) as Pointer | null,
    toPointer: (address) => (Number(address) || null) as Pointer | null,
    addressOf: (pointer) => BigInt((pointer as unknown as number | null) ?? 0),
  };
  return { name, symbols: library.symbols, memory, close: () => library.close() };
}
