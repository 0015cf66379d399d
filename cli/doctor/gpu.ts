/**
 * Tools that tell what GPUs do.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { type Answer, ask, type Check, ok, warning } from "./check.ts";

/** `nvidia-smi` and `rocm-smi`: there, and answering. */
export const gpuCheck: Check = {
  name: "gpu",
  usesHome: false,
  async run(ctx) {
    const [nvidia, rocm] = await Promise.all([
      ask(ctx, "nvidia-smi", ["-L"]),
      ask(ctx, "rocm-smi", ["--showid"]),
    ]);
    const broken = [...fault("nvidia-smi", nvidia), ...fault("rocm-smi", rocm)];
    if (broken.length > 0) {
      return warning(
        `${broken.join("; ")}; runs get no values of these GPUs`,
        "run it by hand; the driver may be missing, or of another version than the tool",
      );
    }
    if (nvidia.why === "missing" && existsSync("/proc/driver/nvidia/version")) {
      return warning(
        "an NVIDIA driver is loaded, but nvidia-smi is not in the PATH; runs get no GPU values",
        "put nvidia-smi into the PATH (in a container: add the utility capability)",
      );
    }
    if (nvidia.why === "missing" && rocm.why === "missing") {
      return ok("neither nvidia-smi nor rocm-smi is here; runs get no GPU values");
    }
    const found: string[] = [];
    if (nvidia.why === "answered") {
      found.push(`nvidia-smi answers: ${nvidia.text!.match(/^GPU \d+/gm)?.length ?? 0} GPU(s)`);
    }
    if (rocm.why === "answered") {
      found.push(`rocm-smi answers: ${new Set(rocm.text!.match(/GPU\[\d+\]/g)).size} GPU(s)`);
    }
    return ok(found.join("; "));
  },
};

function fault(tool: string, answer: Answer): string[] {
  if (answer.why === "slow") return [`${tool} does not answer`];
  return answer.why === "failed" ? [`${tool} fails`] : [];
}
