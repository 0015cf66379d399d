/**
 * The server that runs are sent to.
 *
 * @module
 */
import { messageOf } from "../../lib/errors.ts";
import { type Check, type DoctorContext, type Finding, ok, problem, skipped } from "./check.ts";

/** Does it answer, and does it take the key? */
export const hubCheck: Check = { name: "hub", usesHome: false, run: checkHub };

const TIMEOUT_MS = 5_000;

async function checkHub({ env, limitMs }: DoctorContext): Promise<Finding> {
  const base = env.GOODSEED_API_URL, key = env.GOODSEED_API_KEY;
  if (!base) return skipped("not checked: GOODSEED_API_URL is not set");
  const url = urlOf(base);
  if (url === undefined) {
    return problem(
      "GOODSEED_API_URL is not an http(s) address",
      "set it to an address such as https://host:8765",
    );
  }
  let answer: Response;
  try {
    answer = await fetch(url, {
      headers: key ? { authorization: `Bearer ${key}` } : {},
      redirect: "manual",
      signal: AbortSignal.timeout(Math.min(TIMEOUT_MS, limitMs * 0.9)),
    });
  } catch (error) {
    const timedOut = (error as { name?: unknown }).name === "TimeoutError";
    return problem(
      `${url.host} ${
        timedOut ? "does not answer in time" : `cannot be reached: ${withoutKey(error, key)}`
      }`,
      "check the address (GOODSEED_API_URL), the network and the proxy settings",
    );
  }
  return await judge(answer, url.host, key);
}

async function judge(answer: Response, host: string, key: string | undefined): Promise<Finding> {
  const name = await nameIn(answer);
  if (!key) {
    return problem(`${host} answers, but GOODSEED_API_KEY is not set`, "set it to a key of yours");
  }
  if (answer.status === 200 && name !== undefined) return ok(`${host} knows the key as ${name}`);
  if (answer.status === 401 || answer.status === 403) {
    return problem(
      `${host} refuses the key (${answer.status})`,
      "set GOODSEED_API_KEY to a key that is valid there",
    );
  }
  return problem(
    `${host} answers ${answer.status}, not as a goodseed server does`,
    "check the address (GOODSEED_API_URL)",
  );
}

async function nameIn(answer: Response): Promise<string | undefined> {
  try {
    const body = JSON.parse((await answer.text()).slice(0, 100_000));
    const name = body?.name ?? body?.Name;
    return typeof name === "string" ? JSON.stringify(name.slice(0, 80)) : undefined;
  } catch { // no JSON, or the connection broke
    return undefined;
  }
}

/** Address of the question; undefined for what is no address. User and password are left out. */
function urlOf(base: string): URL | undefined {
  try {
    const url = new URL(base.replace(/\/+$/, "") + "/api/v1/auth/me");
    if (!/^https?:$/.test(url.protocol)) return undefined;
    url.username = "";
    url.password = "";
    return url;
  } catch { // not an address
    return undefined;
  }
}

function withoutKey(error: unknown, key: string | undefined): string {
  const text = messageOf(error);
  return key ? text.replaceAll(key, "…") : text;
}
