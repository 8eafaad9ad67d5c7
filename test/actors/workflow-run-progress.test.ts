import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";
import { expect, test } from "vitest";
import { LogStore } from "../../durable-objects/workflow-run/log-store.ts";
import { ProgressStore } from "../../durable-objects/workflow-run/progress-store.ts";
import { tables } from "../../durable-objects/workflow-run/tables.ts";
import type { CommandId } from "../../src/protocol/ids.ts";
import type { Activity } from "../../src/protocol/run.ts";
import { rowsRead } from "./object-fixture.ts";

const commandOf = (n: number) => `0#${n}` as CommandId;
const activityOf = (n: number) => ({ command: commandOf(n), attempt: 1 }) as Partial<Activity> as Activity;

test("a page of activities costs what is on it, however many calls of the run have logged", async () => {
  const stub = env.WORKFLOW_RUN.get(env.WORKFLOW_RUN.newUniqueId());
  await runInDurableObject(stub, async (_, { storage }) => {
    await migrate(drizzle(storage), tables);
    const { sql } = storage;
    const store = new ProgressStore(sql);
    const log = new LogStore(sql);
    const call = (n: number) => {
      log.appendFunction(1, { command: commandOf(n), attempt: 1, offset: 0, text: "fetch\n" });
      store.put({ command: commandOf(n), attempt: 1, progress: { done: n, message: "fetch" } });
    };
    const page = [activityOf(1), activityOf(2), activityOf(3)];
    const read = async () => {
      let shown: Activity[] = [];
      const rows = await rowsRead(sql, () => {
        shown = store.addTo(page, (message) => message.toUpperCase());
      });
      expect(shown).toMatchObject([
        { progress: { done: 1, message: "FETCH" } },
        { progress: { done: 2 } },
        { attempt: 1 },
      ]);
      return rows;
    };
    for (const n of [1, 2, 4]) call(n);
    const few = await read();
    expect(few).toBeGreaterThan(0);
    for (let n = 5; n < 300; n++) call(n);
    expect(await read()).toBe(few);
  });
});
