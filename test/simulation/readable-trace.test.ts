import { describe, expect, it } from "vitest";
import { ShortNames, tellingLines } from "../../simulation/readable-trace.ts";

const idOf = (digit: string) => `run_${digit.repeat(32)}`;
const range = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n));

describe("names in a trace", () => {
  it("are short, stay the same, and can be looked up", () => {
    const names = new ShortNames();
    const [a, b] = [idOf("a"), idOf("b")];
    expect(names.in(`default/runs/${a} → default/bus/0.forgetRun("${a}")`)).toBe('R1 → bus.forgetRun("R1")');
    expect(names.in(`default/pools/default → default/runs/${b}.jobTaken("${a}~0-1~1")`)).toBe(
      'router → R2.jobTaken("R1~0-1~1")',
    );
    expect(names.legend()).toEqual([`R1 = ${a}`, `R2 = ${b}`]);
  });

  it("leave of a token what tells it from others", () => {
    expect(new ShortNames().in(`{"lease":"${"1a2b3c4d".repeat(8)}"}`)).toBe("{lease: 1a2b3c4d…}");
  });
});

describe("what is shown of a trace", () => {
  it("is what happened around a fault and before the end, and how much is left out between", () => {
    const before = range(100, (n) => `bus → before.${n}()`);
    const between = range(100, (n) => `bus → between.${n}()`);
    const shown = tellingLines([...before, "*** evict bus", ...between, "!!! it has gone wrong"]);
    expect(shown).toEqual([
      "… 88 lines",
      ...before.slice(-12),
      "*** evict bus",
      ...between.slice(0, 12),
      "… 76 lines",
      ...between.slice(-12),
      "!!! it has gone wrong",
    ]);
  });

  it("is whatever concerns a run that a fault or the violation names, and no other run", () => {
    const lines = [...range(50, (n) => `R${1 + (n % 2)} → bus.call(${n})`), ...range(50, () => "R3 alarm")];
    const shown = tellingLines([...lines, "!!! R2 has not come to its end"]);
    expect(shown.filter((line) => line.startsWith("R1"))).toEqual([]);
    expect(shown.filter((line) => line.startsWith("R2"))).toHaveLength(25);
  });

  it("ends with the newest when there is too much", () => {
    const shown = tellingLines([...range(1000, (n) => `R1 → bus.call(${n})`), "!!! R1 is stuck"]);
    expect(shown).toHaveLength(201);
    expect(shown[0]).toBe("… 801 lines");
    expect(shown.at(-2)).toBe("R1 → bus.call(999)");
  });

  it("holds no idle polls", () => {
    const lines = [
      "00:00 outside → router.request({})",
      "00:00 outside → directory.forms({})",
      "!!! it is over",
    ];
    expect(tellingLines(lines)).toEqual(["!!! it is over"]);
  });
});
