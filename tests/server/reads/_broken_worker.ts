/** A read Worker that misbehaves on demand, for tests of the pool. */
import { parentPort } from "node:worker_threads";
import process from "node:process";

parentPort?.on("message", (message: { id: number; query: { project?: string }; close?: true }) => {
  if (message.close) return parentPort?.postMessage({ closed: true });
  switch (message.query.project) {
    case "throw":
      throw new Error("boom");
    case "exit":
      return process.exit(3);
    case "hang":
      return;
    default:
      parentPort?.postMessage({
        id: message.id,
        answer: { etag: 'W/"x"', text: String(message.query.project) },
      });
  }
});
