/**
 * What a SLURM job tells about itself in the environment. Pure.
 *
 * @module
 */

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Fact → the variables that may tell it, the first that is set counts; whole numbers where it says so. */
const FACTS: readonly (readonly [name: string, kind: "text" | "int", variables: string[]])[] = [
  ["job_id", "text", ["SLURM_JOB_ID", "SLURM_JOBID"]],
  ["job_name", "text", ["SLURM_JOB_NAME"]],
  ["array_job_id", "text", ["SLURM_ARRAY_JOB_ID"]],
  ["array_task_id", "int", ["SLURM_ARRAY_TASK_ID"]],
  ["step_id", "text", ["SLURM_STEP_ID", "SLURM_STEPID"]],
  ["restart_count", "int", ["SLURM_RESTART_COUNT"]],
  ["cluster", "text", ["SLURM_CLUSTER_NAME"]],
  ["partition", "text", ["SLURM_JOB_PARTITION"]],
  ["account", "text", ["SLURM_JOB_ACCOUNT"]],
  ["qos", "text", ["SLURM_JOB_QOS"]],
  ["submit_dir", "text", ["SLURM_SUBMIT_DIR"]],
  ["node_list", "text", ["SLURM_JOB_NODELIST", "SLURM_NODELIST"]],
  ["nodes", "int", ["SLURM_JOB_NUM_NODES", "SLURM_NNODES"]],
  ["node_id", "int", ["SLURM_NODEID"]],
  ["node_name", "text", ["SLURMD_NODENAME"]],
  ["ntasks", "int", ["SLURM_NTASKS", "SLURM_NPROCS"]],
  ["procid", "int", ["SLURM_PROCID"]],
  ["local_id", "int", ["SLURM_LOCALID"]],
  ["cpus_per_task", "int", ["SLURM_CPUS_PER_TASK"]],
  ["cpus_on_node", "int", ["SLURM_CPUS_ON_NODE"]],
  ["mem_per_node_mb", "int", ["SLURM_MEM_PER_NODE"]],
  ["mem_per_cpu_mb", "int", ["SLURM_MEM_PER_CPU"]],
  ["gpus", "text", ["SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS"]],
  ["gpus_on_node", "int", ["SLURM_GPUS_ON_NODE"]],
  ["start_time", "int", ["SLURM_JOB_START_TIME"]],
  ["end_time", "int", ["SLURM_JOB_END_TIME"]],
];

/**
 * Reads the facts of a SLURM job.
 *
 * @param env the environment
 * @returns facts under `slurm/`, times in Unix seconds, `slurm/time_limit_s` in seconds; empty
 * outside a job
 */
export function slurmFacts(env: Environment): Record<string, string | number> {
  const facts: Record<string, string | number> = {};
  if (firstSet(env, ["SLURM_JOB_ID", "SLURM_JOBID"]) === undefined) return facts;
  for (const [name, kind, variables] of FACTS) {
    const text = firstSet(env, variables);
    if (text === undefined) continue;
    if (kind === "text") facts[`slurm/${name}`] = text;
    else if (isWhole(text)) facts[`slurm/${name}`] = Number(text);
  }
  const limit = timeLimit(env);
  if (limit !== undefined) facts["slurm/time_limit_s"] = limit;
  return facts;
}

/**
 * Reads a time limit as SLURM writes it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`,
 * `days-hours`, `days-hours:minutes` or `days-hours:minutes:seconds`.
 *
 * @param text the limit
 * @returns seconds; undefined for `UNLIMITED` and anything else
 */
export function parseSlurmTime(text: string): number | undefined {
  const [, days, rest] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text.trim()) ?? [];
  if (rest === undefined) return undefined;
  const parts = rest.split(":").map(Number);
  if (days !== undefined) {
    const [hours = 0, minutes = 0, seconds = 0] = parts;
    return Number(days) * 86_400 + hours * 3_600 + minutes * 60 + seconds;
  }
  if (parts.length === 3) return parts[0]! * 3_600 + parts[1]! * 60 + parts[2]!;
  return parts[0]! * 60 + (parts[1] ?? 0);
}

/** The job's own times tell best; the variable holds what was asked for. */
function timeLimit(env: Environment): number | undefined {
  const start = firstSet(env, ["SLURM_JOB_START_TIME"]);
  const end = firstSet(env, ["SLURM_JOB_END_TIME"]);
  if (start !== undefined && end !== undefined && isWhole(start) && isWhole(end)) {
    const seconds = Number(end) - Number(start);
    if (seconds > 0) return seconds;
  }
  const asked = firstSet(env, ["SLURM_TIMELIMIT", "SBATCH_TIMELIMIT"]);
  return asked === undefined ? undefined : parseSlurmTime(asked);
}

function firstSet(env: Environment, variables: readonly string[]): string | undefined {
  for (const variable of variables) {
    const text = env[variable]?.trim();
    if (text !== undefined && text !== "") return text;
  }
  return undefined;
}

function isWhole(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
