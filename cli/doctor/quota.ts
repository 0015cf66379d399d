/**
 * Quota of the user, where a tool tells it.
 *
 * @module
 */
import process from "node:process";
import { fsKind } from "../../lib/store/fs_kind.ts";
import { ask, type Check, type Finding, ok, problem, skipped, warning } from "./check.ts";

/** Quota by `lfs quota` on Lustre, else by `quota -p`. */
export const quotaCheck: Check = {
  name: "quota",
  usesHome: true,
  async run(ctx) {
    const uid = process.getuid?.();
    if (uid === undefined) return skipped("not checked: this system has no quota tool we know");
    const onLustre = fsKind(ctx.home).name === "lustre";
    const answer = onLustre
      ? await ask(ctx, "lfs", ["quota", "-q", "-u", String(uid), ctx.home])
      : await ask(ctx, "quota", ["-w", "-p"]);
    const tool = onLustre ? "lfs" : "quota";
    if (answer.why === "missing") return skipped(`not checked: there is no tool \`${tool}\` here`);
    if (answer.text === undefined) return skipped(`not checked: \`${tool}\` does not answer`);
    return judgeQuota(answer.text);
  },
};

/** Beyond this share of a limit there is a warning. */
const HIGH_SHARE = 0.95;

/**
 * Reads lines of `filesystem blocks quota limit grace files quota limit grace`; `*` marks what is
 * over its quota, 0 is no limit.
 */
export function judgeQuota(text: string): Finding {
  const limited: string[] = [];
  let level: "ok" | "warning" | "problem" = "ok";
  for (const line of text.split("\n")) {
    const match = /^\s*(\S+)\s+(\d+\*?)\s+(\d+)\s+(\d+)\s+\S+\s+(\d+\*?)\s+(\d+)\s+(\d+)(\s|$)/
      .exec(line);
    if (match === null) continue;
    const [, place, ...fields] = match;
    for (
      const [what, used, soft, hard] of [["KiB", ...fields.slice(0, 3)], [
        "files",
        ...fields.slice(3, 6),
      ]]
    ) {
      const limit = Number(hard) || Number(soft);
      if (limit === 0) continue;
      limited.push(`${place}: ${parseInt(used!)} of ${limit} ${what}`);
      if (Number(hard) > 0 && parseInt(used!) >= Number(hard)) level = "problem";
      else if (level === "ok" && (used!.endsWith("*") || parseInt(used!) > limit * HIGH_SHARE)) {
        level = "warning";
      }
    }
  }
  if (limited.length === 0) return ok("no limits for this user");
  const detail = limited.join("; "), fix = "remove what is not needed, or ask for more room";
  if (level === "ok") return ok(detail);
  return level === "problem" ? problem(detail, fix) : warning(detail, fix);
}
