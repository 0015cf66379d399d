/**
 * Peer gate: on a shared machine every user can connect to `127.0.0.1`, so each request is checked
 * for who owns the other end of its connection.
 *
 * Linux only. On a unix socket the mode of its file decides instead; on other systems there is no
 * such check, and the start of the server says so.
 *
 * @module
 */
import { AuthError } from "../../lib/errors.ts";
import type { Peer } from "../../lib/runtime/http.ts";
import type { Gate } from "./gate.ts";
import { type DiagSocket, openDiagSocket } from "./netlink_socket.ts";
import { TcpTableReader } from "./proc_net_tcp.ts";
import type { FindOwner, SocketEnds } from "./socket_ends.ts";

/** Settings of {@linkcode peerUidGate}. */
export interface PeerUidOptions {
  /** The user number whose processes are let in. */
  readonly ownUid: number;
  readonly findOwner: FindOwner;
  /** Everybody may read (GET, HEAD, OPTIONS); only writing is checked. @default {false} */
  readonly onlyWrites?: boolean;
}

const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets pass processes of one user. Asked anew for each request: the port of a connection that has
 * ended may belong to another user a moment later. An owner that cannot be found is refused.
 */
export function peerUidGate(options: PeerUidOptions): Gate {
  const { ownUid, findOwner, onlyWrites = false } = options;
  const what = onlyWrites ? "takes changes from" : "answers";
  function judge(owner: number | undefined): void {
    if (owner === ownUid) return;
    throw new AuthError(owner === undefined ? unknownOwner(what) : otherOwner(what, ownUid, owner));
  }
  return function checkPeer(request, peer) {
    if (peer === undefined || (onlyWrites && READING.has(request.method))) return;
    const owner = findOwner(clientEnds(peer));
    return owner instanceof Promise ? owner.then(judge) : judge(owner);
  };
}

function unknownOwner(what: string): string {
  return `this server only ${what} processes of the user who started it, and who owns this ` +
    "connection could not be found out; connect from the same machine and user (ssh -L counts " +
    "as you), or use serve --socket PATH";
}

function otherOwner(what: string, ownUid: number, owner: number): string {
  return `this server only ${what} processes of the user who started it (user number ${ownUid}, ` +
    `yours is ${owner}); start your own with goodseed serve, or ask its owner for --share to read`;
}

/** The connection as the client's socket sees it. */
function clientEnds({ address, port, localAddress, localPort }: Peer): SocketEnds {
  // served on every address, this end is not known; a client on this machine uses one for both ends
  const everywhere = localAddress === "0.0.0.0" || localAddress === "::";
  return {
    address,
    port,
    remoteAddress: everywhere ? address : localAddress,
    remotePort: localPort,
  };
}

/** A way to find owners, to be closed when it is no longer needed. */
export interface OwnerFinder extends Disposable {
  readonly findOwner: FindOwner;
}

/**
 * Asks by netlink, and by `/proc` where netlink is not permitted or does not know (a kernel
 * without its TCP module knows nothing).
 */
export function openOwnerFinder(
  diag: DiagSocket | undefined = openDiagSocket(),
  tables: Pick<TcpTableReader, "findOwner"> = new TcpTableReader(),
): OwnerFinder {
  return {
    findOwner: (ends) => diag?.findOwner(ends) ?? tables.findOwner(ends),
    [Symbol.dispose]: () => diag?.[Symbol.dispose](),
  };
}
