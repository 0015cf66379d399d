/**
 * The default port of `goodseed serve`.
 *
 * @module
 */
import { connect } from "node:net";
import { type Check, ok, warning } from "./check.ts";

/** Is the port free; if not, who holds it? */
export const portCheck: Check = {
  name: "port",
  usesHome: false,
  async run({ port }) {
    if (!await somebodyListens(port)) return ok(`${port} is free`);
    const version = await goodseedVersion(port);
    if (version !== undefined) return ok(`${port} is held by goodseed ${version}, which answers`);
    return warning(
      `${port} is held by another program`,
      "goodseed serve --port 0 takes a free one; ss -ltnp shows who holds it",
    );
  },
};

const TIMEOUT_MS = 2_000;

function somebodyListens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (listens: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(listens);
    };
    const timer = setTimeout(() => end(true), TIMEOUT_MS); // a full queue: somebody is there
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function goodseedVersion(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/version`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "manual",
    });
    const { name, version } = JSON.parse((await answer.text()).slice(0, 1000));
    return name === "goodseed" ? String(version).slice(0, 40) : undefined;
  } catch { // not HTTP, not JSON, or too slow
    return undefined;
  }
}
