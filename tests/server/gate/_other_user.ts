/** Requests in the name of another user; only root can send them. */
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";

/** `nobody` on the systems we know. */
export const OTHER_UID = 65534;

/** Why no other user can be tried here; undefined when one can. */
export function whyNoOtherUser(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "only root can start a program as another user";
  const probe = spawnSync("setpriv", [...AS_OTHER, "curl", "--version"], { encoding: "utf8" });
  return probe.status === 0 ? undefined : "needs setpriv (util-linux) and curl";
}

const AS_OTHER = [`--reuid=${OTHER_UID}`, `--regid=${OTHER_UID}`, "--clear-groups"];

/** What curl got: the status (0 without an answer) and the body. */
export interface CurlAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request by curl, as this user or as the other one. */
export function curl(args: readonly string[], asOther: boolean): Promise<CurlAnswer> {
  const command = ["curl", "-sS", "--noproxy", "*", "-m", "10", "-w", "\n%{http_code}", ...args];
  const [program = "", ...rest] = asOther ? ["setpriv", ...AS_OTHER, ...command] : command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (data) => text += data);
    child.on("error", reject);
    child.on("close", () => {
      const end = text.lastIndexOf("\n");
      resolve({ status: Number(text.slice(end + 1)), body: text.slice(0, Math.max(0, end)) });
    });
  });
}
