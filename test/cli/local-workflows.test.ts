import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Client } from "../../cli/client.ts";
import { followWorkflows, type Registration, registerWorkflows } from "../../cli/dev/local-workflows.ts";
import type { WorkflowInput } from "../../src/protocol/workflow.ts";

const good = "def main(w, ev):\n    pass\n";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-workflows-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Registers as the server does: the same program is the same version, and one without a `main` is refused. */
function server(): Client {
  const versions = new Map<string, string[]>();
  const put = async (path: string, { body }: { body?: unknown } = {}) => {
    const program = JSON.stringify(body);
    if (!(body as WorkflowInput).files[(body as WorkflowInput).entry]?.includes("main")) {
      throw new Error("there is no main");
    }
    const known = versions.get(path) ?? [];
    if (known.at(-1) !== program) known.push(program);
    versions.set(path, known);
    return { version: known.length };
  };
  return { put } as unknown as Client;
}

/** As editors save: the new file takes the place of the old one. */
function save(name: string, source: string): void {
  writeFileSync(join(folder, ".saved"), source);
  renameSync(join(folder, ".saved"), join(folder, name));
}

describe("the workflows of a folder", () => {
  it("are all registered, whichever of them is refused", async () => {
    save("a.star", "x = 1\n");
    save("b.star", good);
    expect(await registerWorkflows(server(), folder)).toEqual([
      { file: "a.star", error: new Error("there is no main") },
      { file: "b.star", name: "b", version: 1 },
    ]);
  });

  it("are registered again when one of their files is saved, and only those that differ are told of", async () => {
    mkdirSync(join(folder, "lib"));
    save("lib/one.star", "one = 1\n");
    save("a.star", `load("//lib/one.star", "one")\n${good}`);
    save("b.star", good);
    const client = server();
    const told: Registration[] = [];
    const known = await registerWorkflows(client, folder);
    const close = followWorkflows(client, folder, { known, tell: (one) => void told.push(one) });
    const until = (count: number) => vi.waitFor(() => expect(told).toHaveLength(count), { timeout: 30_000 });

    save("b.star", "x = 1\n");
    await until(1);
    save("b.star", good);
    await until(2);
    save("lib/one.star", "one = 2\n");
    await until(3);
    close();
    expect(told).toEqual([
      { file: "b.star", error: new Error("there is no main") },
      { file: "b.star", name: "b", version: 1 },
      { file: "a.star", name: "a", version: 2 },
    ]);
  });
});
