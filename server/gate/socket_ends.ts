/**
 * A connection, and the question who owns one end of it.
 *
 * @module
 */

/** Both ends of a connection, as the socket that is asked about sees them. */
export interface SocketEnds {
  readonly address: string;
  readonly port: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/**
 * Finds the user who owns a socket of this machine.
 *
 * @returns the user number; undefined when there is no such socket, or nobody holds it any more
 */
export type FindOwner = (ends: SocketEnds) => number | undefined | Promise<number | undefined>;
