/** Starts reads, asks one question and ends without closing them: the process must end by itself. */
import process from "node:process";
import { startReads } from "../../../server/reads/reads.ts";

const reads = startReads({ projectsDir: process.argv[2]!, workers: 2, cacheDir: null });
const { body } = await reads.query({ q: "projects" });
process.stdout.write(String(body) + "\n");
