/**
 * Reads what `rocm-smi --showuse --showmemuse --showpower --json` prints. Pure.
 *
 * @module
 */
import type { GpuReading } from "./gpu_values.ts";

/** Names of one value over the versions of the tool; the first that holds a possible number counts. */
const USE_KEYS = ["GPU use (%)", "GPU Usage (%)", "GPU use"];
const MEMORY_KEYS = [
  "GPU Memory Allocated (VRAM%)",
  "GPU memory use (%)",
  "VRAM Usage (%)",
  "GPU memory use",
];
const POWER_KEYS = [
  "Current Socket Graphics Package Power (W)",
  "Average Graphics Package Power (W)",
];

/**
 * Reads the readings of all cards, in numeric order (`card2` before `card10`). Warnings around the
 * JSON are passed over.
 *
 * @param text standard output of the tool
 * @returns one reading a card; empty when there is none
 */
export function parseRocm(text: string): GpuReading[] {
  const cards: { readonly index: number; readonly fields: Record<string, unknown> }[] = [];
  for (const [name, fields] of Object.entries(findObject(text))) {
    const index = /^card(\d+)$/i.exec(name)?.[1];
    if (index === undefined || !isObject(fields)) continue;
    cards.push({ index: Number(index), fields });
  }
  cards.sort((a, b) => a.index - b.index);
  return cards.map(({ fields }) => reading(fields));
}

/** The first JSON object in a text. */
function findObject(text: string): Record<string, unknown> {
  const end = text.lastIndexOf("}") + 1;
  for (let start = text.indexOf("{"); start !== -1; start = text.indexOf("{", start + 1)) {
    if (start > 0 && text[start - 1] !== "\n") continue; // inside an object, or in a warning
    try {
      const value: unknown = JSON.parse(text.slice(start, end));
      if (isObject(value)) return value;
    } catch { // not where the JSON begins
    }
  }
  return {};
}

function reading(fields: Record<string, unknown>): GpuReading {
  const use = firstNumber(fields, USE_KEYS, 100);
  const memory = firstNumber(fields, MEMORY_KEYS, 100); // one version gives bytes under one of them
  const power = firstNumber(fields, POWER_KEYS, Infinity);
  return {
    ...(use === undefined ? {} : { use }),
    ...(memory === undefined ? {} : { memory }),
    ...(power === undefined ? {} : { power }),
  };
}

function firstNumber(
  fields: Record<string, unknown>,
  keys: readonly string[],
  max: number,
): number | undefined {
  for (const key of keys) {
    const text = String(fields[key] ?? "").trim().replace(/\s*%$/, "");
    if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= max) return Number(text);
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
