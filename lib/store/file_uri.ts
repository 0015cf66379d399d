/**
 * `file:` URIs as SQLite reads them.
 *
 * @module
 */

/**
 * URI of a path for SQLite; `%`, `?` and `#` in the path stay part of it.
 *
 * @param path absolute or relative
 * @param query parameters, such as `immutable=1`
 */
export function sqliteFileUri(path: string, query: string): string {
  const escaped = path.replaceAll("%", "%25").replaceAll("?", "%3f").replaceAll("#", "%23");
  // an empty authority, so that a path that begins with two slashes names no host
  return `file:${escaped.startsWith("/") ? "//" : ""}${escaped}?${query}`;
}
