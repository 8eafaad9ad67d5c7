import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import { handlerOf, modes, type Script, ScriptedHost } from "./scripted-host.ts";

const one = "0#1" as CommandId;

describe.each(modes)("waiting, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host;
  };

  it.each([
    ["minutes = 30", 1_800_000],
    ["days = 1, hours = 2, minutes = 3, seconds = 4, milliseconds = 5", 93_784_005],
    ["seconds = 0.25", 250],
    ["seconds = 0", 0],
  ])("sleeps for %s", (argument, ms) => {
    const host = start(`w.sleep(${argument})`);
    expect([...host.timers.values()]).toEqual([{ id: "sleep:0#1", kind: "sleep", dueAt: host.now + ms }]);
    expect(host.machine.activities()[0]).toMatchObject({
      state: "waiting",
      dueAt: host.now + ms,
      inputs: { ms },
    });
    expect(host.goOn().finished).toBe("succeeded");
    expect(host.timers.size).toBe(0);
  });

  it("sleeps shorter on a host that scales time, and is shown when it wakes there", () => {
    const host = start("w.sleep(minutes = 30)", {
      options: { scaleDueAt: (dueAt, now) => now + (dueAt - now) / 60 },
    });
    expect([...host.timers.values()][0]?.dueAt).toBe(host.now + 30_000);
    expect(host.machine.activities()[0]?.dueAt).toBe(host.now + 30_000);
  });

  const wakeAt = (host: ScriptedHost) => [...host.timers.values()].map(({ dueAt }) => dueAt - host.now);

  it.each([
    ["w.now() + time.minute", 60_000],
    ["w.now() - time.hour", 0],
    // 2023-11-14T22:13:20Z is what the host's clock says.
    ['time.parse_time("2023-11-15T00:00:00+01:00")', 46 * 60_000 + 40_000],
    ["w.now() + time.microsecond", 1],
    ["time.from_timestamp(-1)", 0],
  ])("sleeps until %s", (time, ms) => {
    const host = start(`w.sleep_until(${time})`);
    expect(wakeAt(host)).toEqual([ms]);
    expect(host.goOn().finished).toBe("succeeded");
  });

  it("records the moment itself, and shows it", () => {
    const host = start("w.sleep_until(time.from_timestamp(1800000000))");
    expect(host.records.at(-1)).toMatchObject({
      kind: "sleep",
      name: "",
      args: { until: 1_800_000_000_000 },
    });
    expect(host.machine.activities()[0]).toMatchObject({ state: "waiting", dueAt: 1_800_000_000_000 });
    expect(host.machine.summary().waitingFor).toBe("sleeping until 2027-01-15T08:00:00.000Z");
  });

  it("sleeps until a moment for a shorter time on a host that scales time", () => {
    const options = { scaleDueAt: (dueAt: number, now: number) => now + (dueAt - now) / 60 };
    expect(wakeAt(start("w.sleep_until(w.now() + time.hour)", { options }))).toEqual([60_000]);
    expect(wakeAt(start("w.sleep_until(w.now() - time.hour)", { options }))).toEqual([0]);
  });

  it("counts the time of a pause towards the moment", () => {
    const host = start("w.sleep(seconds = 1)\nw.sleep_until(time.from_timestamp(1700000060))");
    host.feed({ type: "operate", by: "ann", reason: "", operation: { action: "pause" } });
    host.fireNextTimer();
    host.now += 20_000;
    host.feed({ type: "operate", by: "ann", reason: "", operation: { action: "resume" } });
    expect(wakeAt(host)).toEqual([39_000]);
  });

  it("ends with an error the script can catch where the moment is more than ten years off", () => {
    const host = start(
      'return w.attempt(w.sleep_until, time.parse_time("2034-01-01T00:00:00Z")).error.message',
    );
    expect(host.machine.ending().output).toBe(
      "sleep_until: 2034-01-01T00:00:00.000Z is too far off: at most ten years, for a timer of select as well",
    );
    expect(host.timers.size).toBe(0);
  });

  it.each([
    ["w.sleep()", "sleep: say how long"],
    ["w.sleep(seconds = -1)", "cannot be negative"],
    ["w.sleep(days = 4000)", "at most ten years"],
    ['w.sleep(seconds = float("nan"))', "cannot be negative"],
    ['w.sleep(minutes = "3")', "sleep: for parameter minutes: got string, want int or float"],
    ["w.sleep(minute = 3)", "did you mean minutes?"],
    ["w.sleap(minutes = 3)", "did you mean .sleep?"],
  ])("refuses %s", (call, message) => {
    const host = start(call);
    expect(host.machine.ending().error?.message).toContain(message);
    expect(host.machine.ending().traceback).toContain("main.star:2");
  });

  it("asks the bus for the first event after the one that started the run", () => {
    const host = start(
      'w.wait_for_event(type = "a.*", filter = "event.data.n > 1", match = {"data.service": "shop"})',
    );
    expect([...host.waits.values()]).toEqual([
      {
        kind: "register_wait",
        command: one,
        type: "a.*",
        filter: "event.data.n > 1",
        match: { "data.service": "shop" },
        afterSeq: 7,
      },
    ]);
  });

  it('asks for events from now on with since = "now"', () => {
    const host = start('w.wait_for_event(type = "a", since = "now")');
    expect([...host.waits.values()][0]?.afterSeq).toBe("now");
  });

  it("returns the event as a dict", () => {
    const host = start(`
      got = w.wait_for_event(type = "go")
      return [got["id"], got["data"]["n"] + 1, type(got)]
    `);
    expect(host.send(one, { id: "e1", data: { n: 2 } }).refused).toBeUndefined();
    expect(host.machine.ending().output).toEqual(["e1", 3, "dict"]);
  });

  it("accepts the event it consumed again, and turns down any other", () => {
    const host = start('w.wait_for_event(type = "go")\nw.sleep(days = 1)');
    host.send(one, { id: "e1", data: { "1": "numbers that are keys" } });
    const again = host.send(one, { id: "e1", data: {} });
    expect([again.refused, again.records]).toEqual([undefined, []]);
    expect(host.send(one, { id: "e2" }).refused?.code).toBe("wait_over");
    expect(host.send("0#2" as CommandId, { id: "e3" }).refused?.code).toBe("wait_over");
    expect(host.send("0#7" as CommandId, { id: "e3" }).refused?.code).toBe("wait_over");
  });

  it("raises what is too much for the journal, and does not get that event again", () => {
    const host = start(`
      r = w.attempt(w.wait_for_event, type = "go")
      w.sleep(days = 1)
      return [r.error.code, r.error.details["id"]]
    `);
    const rows = Array.from({ length: 60_000 }, () => ({ $starlark: 0 }));
    const { records } = host.send(one, { id: "e1", data: { rows } });
    expect(records[0]).toMatchObject({ type: "completed", arrival: expect.any(Number) });
    expect(host.send(one, { id: "e1", data: { rows } }).refused).toBeUndefined();
    expect(host.send(one, { id: "e2" }).refused?.code).toBe("wait_over");
    expect(host.goOn().machine.ending().output).toEqual(["PayloadTooLarge", "e1"]);
  });

  it("returns None when the timeout comes first, and the event that is late stays unconsumed", () => {
    const host = start(
      'got = w.wait_for_event(type = "go", timeout = "10m")\nw.sleep(days = 1)\nreturn got == None',
    );
    expect(host.fireNextTimer()).toBe(true);
    expect(host.waits.size).toBe(0);
    expect(host.send(one, { id: "late" }).refused?.code).toBe("wait_over");
    expect(host.goOn().machine.ending().output).toBe(true);
  });

  it("drops the timeout when the event comes first, and ignores it when it fires all the same", () => {
    const host = start(
      'got = w.wait_for_event(type = "go", timeout = 600)\nw.sleep(days = 1)\nreturn got["id"]',
    );
    host.send(one, { id: "first" });
    expect([...host.timers.keys()]).toEqual(["sleep:0#2"]);
    expect(host.feed({ type: "timer", id: "wait_timeout:0#1" }).records).toEqual([]);
    expect(host.goOn().machine.ending().output).toBe("first");
  });

  it.each([
    ['"a*b"', "only a prefix can be open"],
    ['""', "cannot be empty"],
    ['"a", since = "start"', '"now"'],
    ['"a", timeout = "soon"', 'got "soon", want seconds, a text such as'],
    ['"a", timeout = [1]', "got list, want seconds"],
    ['"a", match = {1: 2}', "a JSON object has string keys"],
    ['"a", match = {"x": len}', "cannot turn builtin_function_or_method into JSON"],
  ])("refuses wait_for_event(%s)", (argument, message) => {
    expect(start(`w.wait_for_event(${argument})`).machine.ending().error?.message).toContain(message);
  });

  it("fails a wait whose filter is no filter", () => {
    const host = start(
      "r = w.attempt(wait, w)\nreturn [r.error.code, r.error.message]".replace(
        "wait, w",
        'lambda: w.wait_for_event(type = "a", filter = "!")',
      ),
      {
        options: { checkFilter: (filter) => (filter === "!" ? "it is no expression" : undefined) },
      },
    );
    expect(host.machine.ending().output).toEqual([
      "InvalidFilter",
      "wait_for_event: for parameter filter: it is no expression",
    ]);
  });

  it.each([
    ["90", 90_000],
    ["1.5", 1500],
    ['"1h30m"', 5_400_000],
    ['"250ms"', 250],
    ['"2d"', 172_800_000],
    ["time.minute * 2", 120_000],
    ['time.parse_duration("3s")', 3000],
  ])("takes %s for a length of time", (argument, ms) => {
    const host = start(`w.wait_for_event(type = "x", timeout = ${argument})`);
    expect([...host.timers.values()][0]?.dueAt).toBe(host.now + ms);
  });
});
