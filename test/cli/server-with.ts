// A server that answers as it is told, for tests of what a command asks for and makes of the answers.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

interface Asked {
  method: string;
  path: string;
  body: { filter?: object; all?: boolean; cursor?: string };
  /** What it was told as `Idempotency-Key`. */
  key: string | undefined;
}

/** Gives these answers, one after the other, until the test is over; answers with its address and what it is asked. */
export async function serverWith(
  answers: { status: number; body: object }[],
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += String(chunk);
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const key = headers["idempotency-key"]?.toString();
      asked.push({ method, path: url, body: text === "" ? {} : JSON.parse(text), key });
      const { status, body } = answers[asked.length - 1] ?? { status: 500, body: {} };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
