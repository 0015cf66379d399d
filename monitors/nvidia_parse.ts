/**
 * Reads what `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints. Pure.
 *
 * @module
 */
import type { GpuReading } from "./gpu_values.ts";

/** What stands in a field that the driver does not tell: `[N/A]`, `[Not Supported]`, … */
const PLACEHOLDER = /^(\[.*\]|N\/A|Not Supported|Unknown Error|ERR!)$/i;
const NUMBER = /^(\d+(?:[.,]\d+)?)\s*(?:%|MiB|W)?$/;
/** Printed in the place of a GPU that has stopped answering. */
const LOST_GPU = /unable to (determine|detect) the device handle|gpu is lost/i;

/**
 * Reads the readings of all GPUs. Lines: use %, used MiB, total MiB, power W.
 *
 * A field without a number leaves that value out; the GPU keeps its place. Lines that are no
 * readings (warnings, errors of the driver) are passed over.
 *
 * @param text standard output of the tool
 * @returns one reading a GPU, in the tool's order; empty when there is none
 */
export function parseNvidia(text: string): GpuReading[] {
  const gpus: GpuReading[] = [];
  for (const line of text.split("\n").map((part) => part.trim())) {
    const fields = splitFields(line);
    if (fields !== undefined) gpus.push(reading(fields));
    else if (LOST_GPU.test(line)) gpus.push({});
  }
  return gpus;
}

/** The four fields of a reading. Where the locale writes `72,50`, only `, ` separates fields. */
function splitFields(line: string): string[] | undefined {
  for (const separator of [/,\s+/, ","]) {
    const fields = line.split(separator).map((field) => field.trim());
    if (fields.length !== 4) continue;
    if (fields.every((field) => NUMBER.test(field) || PLACEHOLDER.test(field))) return fields;
  }
  return undefined;
}

function reading(fields: readonly string[]): GpuReading {
  const [use, used, total, power] = fields.map(toNumber);
  const memory = used !== undefined && total !== undefined && total > 0
    ? 100 * used / total
    : undefined;
  return {
    ...(use === undefined ? {} : { use }),
    ...(memory === undefined ? {} : { memory }),
    ...(power === undefined ? {} : { power }),
  };
}

function toNumber(field: string): number | undefined {
  const digits = NUMBER.exec(field)?.[1];
  return digits === undefined ? undefined : Number(digits.replace(",", "."));
}
