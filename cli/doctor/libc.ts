/**
 * The C library of this machine, and what our binaries need.
 *
 * @module
 */
import process from "node:process";
import { ask, type Check, type Finding, ok, problem, skipped, warning } from "./check.ts";

/** glibc: version here, version needed. */
export const libcCheck: Check = {
  name: "libc",
  usesHome: false,
  async run(ctx) {
    if (process.platform !== "linux") return skipped("not checked: this is not Linux");
    const getconf = await ask(ctx, "getconf", ["GNU_LIBC_VERSION"]);
    const text = getconf.why === "answered"
      ? getconf.text!
      : (await ask(ctx, "ldd", ["--version"])).text ?? "";
    return judgeLibc(text);
  },
};

const NEEDS = "goodseed needs 2.27, goodseed-bun 2.17";

/** Judges the output of `getconf GNU_LIBC_VERSION` or `ldd --version`. */
export function judgeLibc(text: string): Finding {
  const version = /(?:glibc|GNU libc|GLIBC)[^\n]*?(\d+)\.(\d+)/.exec(text);
  if (version === null) {
    return warning(
      `this system's C library is not glibc, or does not tell its version (${NEEDS})`,
      "on a system with musl (Alpine) install glibc, or run goodseed in a container with it",
    );
  }
  const found = `glibc ${version[1]}.${version[2]} (${NEEDS})`;
  const minor = Number(version[1]) > 2 ? Infinity : Number(version[2]);
  if (minor >= 27) return ok(found);
  if (minor >= 17) return warning(found, "use the binary goodseed-bun on machines like this one");
  return problem(found, "run goodseed in a container, or on a newer machine");
}
