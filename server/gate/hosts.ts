/**
 * Host gate: a page that makes its own name point to this machine (DNS rebinding) is turned away,
 * because its name is not one of ours.
 *
 * @module
 */
import { AuthError, quoted, UsageError } from "../../lib/errors.ts";
import { authorityOf, type Gate } from "./gate.ts";

/** Settings of {@linkcode hostsGate}; every list holds host names or addresses, without port. */
export interface HostsOptions {
  /** Names and addresses of this machine beside `localhost`, `127.0.0.1` and `::1`. */
  readonly ownNames: readonly string[];
  /** Further names that the user allows. */
  readonly allowedHosts?: readonly string[];
}

/** A name or an IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
const AUTHORITY = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Lets pass what names this machine both in the `Host` header and in the URL (an absolute URL in
 * the request line may differ from the header). Ports are not compared: tunnels change them.
 *
 * @throws {UsageError} an entry of `allowedHosts` is not a host name
 */
export function hostsGate({ ownNames, allowedHosts = [] }: HostsOptions): Gate {
  const allowed = new Set(["localhost", "127.0.0.1", "[::1]"]);
  for (const name of ownNames) {
    const host = canonicalHost(bracketed(name));
    if (host !== undefined) allowed.add(host);
  }
  for (const name of allowedHosts) {
    const host = canonicalHost(bracketed(name));
    if (host === undefined) {
      throw new UsageError(
        `reading --allowed-hosts: ${
          quoted(name)
        } is not a host name; write names such as gpu1.example.org, without https:// and path`,
      );
    }
    allowed.add(host);
  }
  return function checkHost(request) {
    for (const authority of [request.headers.get("host"), authorityOf(request.url)]) {
      const host = authority && canonicalHost(authority);
      if (!host || !allowed.has(host)) throw refusal(authority);
    }
  };
}

function refusal(authority: string | null | undefined): AuthError {
  const found = authority ? `the host name ${quoted(authority)}` : "a request without a host name";
  return new AuthError(
    `this server does not answer to ${found}; use http://localhost, or start it with --allowed-hosts NAME`,
    421,
  );
}

/**
 * One spelling for one host: lower case, without port and final dot, addresses in short form.
 *
 * @param authority host with or without port, IPv6 addresses in brackets
 * @returns undefined when it is not a plain host
 */
export function canonicalHost(authority: string): string | undefined {
  const host = AUTHORITY.exec(authority)?.[1];
  if (host === undefined) return undefined;
  try {
    return new URL(`http://${host}/`).hostname.replace(/\.$/, "") || undefined;
  } catch { // no address and no name, such as 1.2.3.999
    return undefined;
  }
}

function bracketed(name: string): string {
  return name.includes(":") && /^[0-9a-f:.]+$/i.test(name) ? `[${name}]` : name;
}
