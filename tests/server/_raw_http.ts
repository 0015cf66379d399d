/** HTTP by hand: what `fetch` would tidy up goes out as it is. */
import { connect, type NetConnectOpts } from "node:net";

/** Sends bytes, waits until the other side closes (at most 5 s), gives all that came back. */
export function exchange(target: NetConnectOpts, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    let answer = "";
    const timer = setTimeout(() => socket.destroy(new Error("no end of the answer in 5 s")), 5000);
    socket.setEncoding("latin1");
    socket.on("data", (data) => answer += data);
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(text);
  });
}

/** Status, headers (lower case) and body of one answer. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Takes an answer apart. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(first.split(" ")[1]),
    headers: new Map(headers),
    body: text.slice(end + 4),
  };
}
