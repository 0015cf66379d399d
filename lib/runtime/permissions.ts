/**
 * What this process may do without asking: background code must never make Deno prompt the user.
 * Bun and Node have no such permissions; there everything counts as granted.
 *
 * @module
 */

type Query =
  | { name: "run"; command: string }
  | { name: "read"; path: string }
  | { name: "sys"; kind: string }
  | { name: "env"; variable: string };

interface DenoPermissions {
  querySync(query: Query): { state: string };
}

const permissions = (globalThis as { Deno?: { permissions?: DenoPermissions } }).Deno?.permissions;

function granted(query: Query): boolean {
  if (permissions === undefined) return true;
  try {
    return permissions.querySync(query).state === "granted";
  } catch { // a query this version does not know: better not to try
    return false;
  }
}

/**
 * Says whether a program may be started without a prompt.
 *
 * @param command name on the PATH, or a path
 * @returns true when starting it asks nobody
 */
export function mayRun(command: string): boolean {
  return granted({ name: "run", command });
}

/**
 * Says whether a file may be read without a prompt.
 *
 * @param path absolute path
 * @returns true when reading it asks nobody
 */
export function mayRead(path: string): boolean {
  return granted({ name: "read", path });
}

/**
 * Says whether a fact about the machine may be asked for without a prompt.
 *
 * @param kind Deno's name of the fact, for example `hostname` or `osRelease`
 * @returns true when asking for it asks nobody
 */
export function mayReadSystem(kind: string): boolean {
  return granted({ name: "sys", kind });
}

/**
 * Says whether an environment variable may be read without a prompt.
 *
 * @param variable its name
 * @returns true when reading it asks nobody
 */
export function mayReadEnvironment(variable: string): boolean {
  return granted({ name: "env", variable });
}
