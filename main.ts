/**
 * The program `goodseed`. Only this file ends the process.
 *
 * @module
 */
import process from "node:process";
import { runCli } from "./cli/args.ts";
import { processContext } from "./cli/process_context.ts";

const context = processContext();
process.exitCode = await runCli(process.argv.slice(2), context);
if (context.mustExit) process.exit();
