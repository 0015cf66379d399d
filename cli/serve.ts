/**
 * `goodseed serve`: the runs of a folder, in the browser.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { type RunningServer, startServer } from "../server/serve.ts";
import type { CommandContext, CommonArgs, ExitCode } from "./context.ts";
import { projectsFolder } from "./folder.ts";
import { VERSION } from "../lib/version.ts";

/** Arguments of `goodseed serve`. */
export interface ServeArgs extends CommonArgs {
  readonly dir?: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly socket?: string | undefined;
  readonly share?: boolean | undefined;
  readonly allowOrigin?: readonly string[] | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly openReads?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

/** Serves until a signal comes. */
export async function serveCommand(args: ServeArgs, ctx: CommandContext): Promise<ExitCode> {
  const folder = projectsFolder(args.dir, ctx);
  if (!folder.exists) makeFolder(folder.path);
  const signal = ctx.interruption();
  const server = await startServer({
    projectsDir: folder.path,
    version: VERSION,
    host: args.host,
    port: args.port,
    ...(args.socket === undefined ? {} : { socket: resolve(ctx.cwd, args.socket) }),
    share: args.share === true,
    allowOrigins: args.allowOrigin ?? [],
    allowedHosts: args.allowedHosts ?? [],
    openReads: args.openReads === true,
    verbose: args.verbose === true,
    log: (line) => void ctx.stderr(`${line}\n`),
  });
  for (const warning of server.warnings) ctx.stderr(`Warning: ${warning}\n`);
  if (args.quiet !== true) ctx.stdout(welcome(server, folder.path, args));
  await aborted(signal);
  await server.stop();
  ctx.exitAtReturn(); // a client that keeps its connection does not keep the program
  if (args.quiet !== true) ctx.stdout("\nServer stopped.\n");
  return 0;
}

/** The lines of the contract, and the address of our own page. */
function welcome(server: RunningServer, folder: string, args: ServeArgs): string {
  const lines: string[] = [];
  if (args.verbose === true) {
    lines.push(`Goodseed server running at ${server.url}`, `Data directory: ${folder}`);
  }
  if (args.socket !== undefined) {
    const path = server.url.replace(/^unix:/, "");
    lines.push(
      `View your runs at http://127.0.0.1:8765/ after: ssh -L 8765:${path} ${hostname()}`,
    );
  } else {
    lines.push(`View your runs at ${server.url}/`);
    if (args.verbose === true) {
      lines.push(`View your runs at https://app.goodseed.ai/local?port=${server.port}`);
    }
  }
  return lines.join("\n") + "\n";
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch { // a read-only disk: it is served as what it is, empty
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
