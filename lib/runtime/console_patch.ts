/**
 * Replaces methods of shared objects and puts them back, without disturbing anybody who replaced
 * them meanwhile.
 *
 * @module
 */

/** A function with any receiver, as found on a patched object. */
// deno-lint-ignore no-explicit-any -- the methods that are wrapped share no signature
export type AnyFunction = (this: any, ...args: any[]) => any;

/**
 * Replaces a method by a wrapper that keeps its name.
 *
 * @param target object whose method is replaced
 * @param key name of the method; nothing happens when it is not a function
 * @param wrap makes the wrapper from the present method
 * @returns puts the method back, unless somebody else has replaced the wrapper
 */
export function patchMethod(
  target: object,
  key: string,
  wrap: (original: AnyFunction) => AnyFunction,
): () => void {
  const record = target as Record<string, unknown>;
  const original = record[key];
  if (typeof original !== "function") return () => {};
  const own = Object.getOwnPropertyDescriptor(target, key);
  const wrapper = wrap(original as AnyFunction);
  try {
    Object.defineProperty(wrapper, "name", { value: original.name, configurable: true });
    Object.defineProperty(target, key, {
      value: wrapper,
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    });
  } catch { // a frozen object: its output is not seen
    return () => {};
  }
  return () => {
    if (record[key] !== wrapper) return;
    if (own === undefined) delete record[key];
    else Object.defineProperty(target, key, own);
  };
}
