// A private address, such as a service on the same laptop, is called where the local server's environment allows it.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toldBy } from "../cli/told-by.ts";
import { freePort, LocalSluice } from "./local-sluice.ts";

test("builtin://http calls a private address that SLUICE_HTTP_ALLOW of sluice dev names, and no other", async () => {
  const port = await freePort();
  const server = createServer((_request, response) => response.end("well")).listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  const sluice = new LocalSluice({
    timeScale: 1,
    arguments: ["--no-runner"],
    environment: { SLUICE_HTTP_ALLOW: `127.0.0.1:${port}` },
  });
  await sluice.start();
  onTestFinished(() => sluice.stop());
  mkdirSync(join(sluice.folder, "work"));
  const file = join(sluice.folder, "work", "call.star");
  writeFileSync(
    file,
    'def main(w, ev):\n    return w.run("builtin://http", {"url": ev["data"]})["body"]\n\non_start(main)\n',
  );
  const told = (...args: string[]) =>
    toldBy([...args, "--json", "--url", sluice.url, "--token", sluice.adminToken]);
  expect(await told("workflow", "push", file)).toMatchObject({ stderr: "", exitCode: 0 });
  const call = async (host: string): Promise<unknown> => {
    const input = JSON.stringify(`http://${host}:${port}/`);
    return JSON.parse((await told("run", "start", "call", "--input", input, "--watch")).stdout);
  };
  expect(await call("127.0.0.1")).toMatchObject({ state: "succeeded", output: "well" });
  expect(await call("127.0.0.2")).toMatchObject({ state: "failed", error: { code: "HttpRefused" } });
});
