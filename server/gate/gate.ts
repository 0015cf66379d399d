/**
 * What stands between the network and the routes.
 *
 * @module
 */
import type { Peer } from "../../lib/runtime/http.ts";

/**
 * Lets a request pass, or throws an AuthError that says what to do. The peer is undefined on a
 * unix socket. Gates run in this order: host, peer, origin.
 */
export type Gate = (request: Request, peer: Peer | undefined) => void | Promise<void>;

/** The part between `//` and the path of a URL, with port; undefined when there is none. */
export function authorityOf(url: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(url)?.[1];
}
