/**
 * The filesystem of the home, and what it means for runs.
 *
 * @module
 */
import { fsKind } from "../../lib/store/fs_kind.ts";
import { type Check, ok, warning } from "./check.ts";

/** Kind of the filesystem that the home is on. */
export const filesystemCheck: Check = {
  name: "filesystem",
  usesHome: true,
  run({ home }) {
    const { name, remote } = fsKind(home);
    if (!remote) return ok(`${name}, on this machine`);
    return warning(
      `${name}, which other hosts may share: only one host may write a run at a time, and others ` +
        "may see a running one late",
      "write on a local disk where there is one (GOODSEED_HOME); never let two hosts write one run",
    );
  },
};
