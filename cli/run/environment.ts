/**
 * Environment variables: what a command is given, and what is recorded of them. Pure.
 *
 * @module
 */
import { redactArguments } from "../../monitors/redact.ts";

/** Environment variables by name. */
type Env = Readonly<Record<string, string | undefined>>;

/** What the command's environment tells about the run. */
export interface ChannelEnv {
  /** Project and run id with a slash between. */
  readonly parentRun: string;
  readonly project: string;
  readonly home: string;
  /** File that takes JSON lines. */
  readonly logFile: string;
  /** Descriptor that takes JSON lines. */
  readonly logFd: number | undefined;
  /** Id to export; undefined: none, a program that makes a run of its own must not take ours. */
  readonly runId: string | undefined;
}

/** The environment of the command. */
export function commandEnv(env: Env, channel: ChannelEnv): Record<string, string> {
  const all: Record<string, string | undefined> = {
    ...env,
    GOODSEED_PARENT_RUN: channel.parentRun,
    GOODSEED_PROJECT: env.GOODSEED_PROJECT || channel.project,
    GOODSEED_HOME: env.GOODSEED_HOME || channel.home,
    GOODSEED_LOG: channel.logFile,
    GOODSEED_LOG_FD: channel.logFd === undefined ? undefined : String(channel.logFd),
    GOODSEED_RUN_ID: channel.runId,
  };
  const set = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Record<string, string>;
}

/** Variables that are recorded: what decides how a training runs, nothing personal. */
const RECORDED =
  /^(SLURM_\w+|(CUDA|ROCR|HIP)_VISIBLE_DEVICES|(OMP|MKL|OPENBLAS|NUMEXPR)_NUM_THREADS|(LOCAL_|GROUP_|NODE_)?RANK|(LOCAL_)?WORLD_SIZE|MASTER_(ADDR|PORT)|HOSTNAME|CONDA_DEFAULT_ENV|CONDA_PREFIX|VIRTUAL_ENV|PYTHONPATH|PYTHONHASHSEED|LD_LIBRARY_PATH|CUBLAS_WORKSPACE_CONFIG|PYTORCH_CUDA_ALLOC_CONF|PYTORCH_ALLOC_CONF|NCCL_\w+|XLA_FLAGS|TF_(XLA|GPU|CPP|CUDNN|DETERMINISTIC|ENABLE|FORCE|NUM)_\w+|TOKENIZERS_PARALLELISM)$/;

/** The variables to record, by name; secrets are replaced by `***`. */
export function recordedEnv(env: Env): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "" || !RECORDED.test(name)) continue;
    const [assignment = ""] = redactArguments([`${name}=${value}`]);
    found[name] = assignment.slice(name.length + 1);
  }
  return found;
}
