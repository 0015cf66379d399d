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
import type { Gate } from "./gate.ts";
import { type DiagSocket, openDiagSocket } from "./netlink_socket.ts";
import { TcpTableReader } from "./proc_net_tcp.ts";
import type { FindOwner } from "./socket_ends.ts";

/** Settings of {@linkcode peerUidGate}. */
export interface PeerUidOptions {
  /** The user number whose processes are let in. */
  readonly ownUid: number;
  readonly findOwner: FindOwner;
}

/**
 * Lets pass processes of one user. Asked anew for each request: the port of a connection that has
 * ended may belong to another user a moment later. An owner that cannot be found is refused.
 */
export function peerUidGate({ ownUid, findOwner }: PeerUidOptions): Gate {
  function judge(owner: number | undefined): void {
    if (owner === ownUid) return;
    if (owner === undefined) {
      throw new AuthError(
        "this server answers only processes of the user who started it, and who owns this connection could not be found out; " +
          "connect from the same machine and user (ssh -L counts as you), or use serve --socket PATH",
      );
    }
    throw new AuthError(
      `this server answers only processes of the user who started it (user number ${ownUid}, yours is ${owner}); ` +
        "start your own with goodseed serve, or ask its owner to start it with --share",
    );
  }
  return function checkPeer(_request, peer) {
    if (peer === undefined) return;
    const owner = findOwner({
      address: peer.address,
      port: peer.port,
      remoteAddress: peer.localAddress,
      remotePort: peer.localPort,
    });
    return owner instanceof Promise ? owner.then(judge) : judge(owner);
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
