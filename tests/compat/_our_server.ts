/** Our own server over a home folder, on a free port. */
import { join } from "node:path";
import { startServer } from "../../server/serve.ts";

/** A server of ours that runs. */
export interface OurServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts it. */
export async function serveOurs(home: string): Promise<OurServer> {
  const server = await startServer({
    projectsDir: join(home, "projects"),
    version: "test",
    port: 0,
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() };
}
