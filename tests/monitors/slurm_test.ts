import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSlurmTime, slurmFacts } from "../../monitors/slurm.ts";

test("slurmFacts() reads a job", () => {
  const facts = slurmFacts({
    HOME: "/home/u",
    SLURM_JOB_ID: "4711",
    SLURM_JOB_NAME: "train",
    SLURM_ARRAY_JOB_ID: "4700",
    SLURM_ARRAY_TASK_ID: "11",
    SLURM_JOB_PARTITION: "gpu",
    SLURM_JOB_NODELIST: "node[01-04,07]",
    SLURM_JOB_NUM_NODES: "5",
    SLURM_NTASKS: "40",
    SLURM_PROCID: "0",
    SLURM_CPUS_PER_TASK: "12",
    SLURM_JOB_GPUS: "0,1,2,3",
    SLURM_GPUS_ON_NODE: "4",
    SLURM_JOB_START_TIME: "1795196532",
    SLURM_JOB_END_TIME: "1795282932",
    SLURM_TIMELIMIT: "5",
    SLURM_MEM_PER_NODE: "lots",
    SLURM_JOB_ACCOUNT: " ",
  });

  assert.deepEqual(facts, {
    "slurm/job_id": "4711",
    "slurm/job_name": "train",
    "slurm/array_job_id": "4700",
    "slurm/array_task_id": 11,
    "slurm/partition": "gpu",
    "slurm/node_list": "node[01-04,07]",
    "slurm/nodes": 5,
    "slurm/ntasks": 40,
    "slurm/procid": 0,
    "slurm/cpus_per_task": 12,
    "slurm/gpus": "0,1,2,3",
    "slurm/gpus_on_node": 4,
    "slurm/start_time": 1795196532,
    "slurm/end_time": 1795282932,
    "slurm/time_limit_s": 86_400,
  });
});

test("slurmFacts() takes the old names and the limit that was asked for", () => {
  assert.deepEqual(
    slurmFacts({
      SLURM_JOBID: "5",
      SLURM_NODELIST: "n1",
      SLURM_NPROCS: "2",
      SLURM_TIMELIMIT: "1-0",
    }),
    {
      "slurm/job_id": "5",
      "slurm/node_list": "n1",
      "slurm/ntasks": 2,
      "slurm/time_limit_s": 86_400,
    },
  );
});

test("slurmFacts() finds nothing outside a job", () => {
  assert.deepEqual(slurmFacts({ SLURM_NTASKS: "4", PATH: "/bin" }), {});
  assert.deepEqual(slurmFacts({}), {});
});

const TIMES: [string, number | undefined][] = [
  ["30", 1_800],
  ["30:15", 1_815],
  ["2:30:15", 9_015],
  ["1-12", 129_600],
  ["1-12:30", 131_400],
  ["7-00:00:00", 604_800],
  ["UNLIMITED", undefined],
  ["", undefined],
  ["1:2:3:4", undefined],
  ["-5", undefined],
];

test("parseSlurmTime() reads every form of a time limit", () => {
  for (const [text, seconds] of TIMES) assert.equal(parseSlurmTime(text), seconds, text);
});

test("parseSlurmTime() reads back days, hours, minutes and seconds", () => {
  fc.assert(fc.property(fc.nat(50), fc.nat(23), fc.nat(59), fc.nat(59), (d, h, m, s) => {
    assert.equal(parseSlurmTime(`${d}-${h}:${m}:${s}`), ((d * 24 + h) * 60 + m) * 60 + s);
  }));
});
