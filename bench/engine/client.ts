// Asks one HTTP server, over connections that stay open.
import { Agent, request } from "node:http";

export class Client {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: URL, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** The parsed answer to a JSON body. Throws for any status but 200. */
  async post<T>(body: unknown, path = "/"): Promise<T> {
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const outgoing = request(
        new URL(path, this.#url),
        { method: "POST", headers, agent: this.#agent },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () =>
            resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify(body));
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text.slice(0, 2000)}`);
    return JSON.parse(answer.text === "" ? "null" : answer.text) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}
