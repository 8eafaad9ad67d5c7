import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command, RunFold } from "../../src/workflow/commands/kind.ts";
import { randomKind } from "../../src/workflow/commands/value.ts";
import { handlerOf, modes, outline, ScriptedHost } from "./scripted-host.ts";

describe.each(modes)("values of the host, $mode", ({ replayEveryTime }) => {
  const run = (body: string) => new ScriptedHost(handlerOf(body), { replayEveryTime }).run();

  it("now is the host's clock as a time.time", () => {
    const host = run("t = w.now()\nreturn [type(t), t.unix, str(t)]");
    expect(host.machine.ending().output).toEqual([
      "time.time",
      1_700_000_000,
      expect.stringContaining("2023-11-14"),
    ]);
  });

  it("are recorded once and seen again by every replay", () => {
    const host = run(`
      before = [w.uuid(), w.random(), w.now().unix]
      w.sleep(seconds = 5)
      w.log(before)
      w.sleep(seconds = 5)
      return before + [w.now().unix]
    `);
    const [id, chance, then, later] = host.machine.ending().output as [string, number, number, number];
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(chance).toBeGreaterThanOrEqual(0);
    expect(chance).toBeLessThan(1);
    expect(later - then).toBe(10);
    expect(host.log).toEqual([`["${id}", ${chance}, ${then}]`]);
  });

  it("complete in the turn that schedules them", () => {
    const host = new ScriptedHost(handlerOf("w.uuid()\nw.sleep(days = 1)"), { replayEveryTime });
    host.feed({ type: "start" });
    expect(outline(host.records)).toEqual(["run : started", "0#1 uuid", "0#1 ok", "0#2 sleep"]);
  });

  it("info tells about the run, the same at every replay", () => {
    const host = run(`
      w.sleep(seconds = 1)
      i = w.info()
      return [i.run, i.workflow, i.trigger, i.initiator, i.commands, i.max_commands, i.digest]
    `);
    expect(host.machine.ending().output).toEqual([
      host.start.id,
      "test",
      "test/handler",
      "ann",
      1,
      100_000,
      host.workflow.digest,
    ]);
  });

  it("print and w.log say the same, once, and take no command", () => {
    const host = run('print("a", 1)\nw.sleep(seconds = 1)\nw.log("b", None)\nw.sleep(seconds = 1)');
    expect(host.log).toEqual(["a 1", "b None"]);
    expect(host.machine.summary().commands).toBe(2);
  });
});

describe("a random float", () => {
  it("is in [0, 1) for all entropy, and no value is out of reach at the ends", () => {
    const of = (bytes: Uint8Array) => {
      const command = { kind: "random" } as Command;
      const outcome = randomKind.outcomeAtOnce?.(command, { now: 0, entropy: () => bytes }, {} as RunFold);
      const value = outcome && "ok" in outcome ? outcome.ok : undefined;
      return typeof value === "number" ? value : Number((value as { value: string }).value);
    };
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(of(bytes)).toBeGreaterThanOrEqual(0);
        expect(of(bytes)).toBeLessThan(1);
      }),
    );
    expect(of(new Uint8Array(16))).toBe(0);
    expect(of(new Uint8Array(16).fill(255))).toBe(1 - 2 ** -53);
  });
});
