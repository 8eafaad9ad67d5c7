import fc from "fast-check";
import { expect, test } from "vitest";
import { Flow, type Step } from "../../src/starlark/compile/flow.ts";

/** What a flow is to do, with plain sets; undefined where no execution comes. */
class PlainFlow {
  private bound: Set<number> | undefined = new Set();

  bind(register: number): void {
    this.bound?.add(register);
  }

  isBound(register: number): boolean {
    return this.bound === undefined || this.bound.has(register);
  }

  stop(): void {
    this.bound = undefined;
  }

  save(): Set<number> | undefined {
    return this.bound && new Set(this.bound);
  }

  restore(state: Set<number> | undefined): void {
    this.bound = state && new Set(state);
  }

  join(state: Set<number> | undefined): void {
    if (state === undefined) return;
    this.bound = new Set(
      this.bound === undefined ? state : [...this.bound].filter((register) => state.has(register)),
    );
  }
}

test("what is bound on all paths is bound where they meet, whatever the paths are", () => {
  const operation = fc.record({
    kind: fc.constantFrom("bind", "bind", "bind", "save", "restore", "join", "stop"),
    which: fc.nat(7),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const [flow, plain] = [new Flow(), new PlainFlow()];
      const states: [Step | undefined, Set<number> | undefined][] = [];
      for (const { kind, which } of operations) {
        const [state, plainState] = states[which % Math.max(1, states.length)] ?? [flow.save(), plain.save()];
        if (kind === "bind") {
          flow.bind(which);
          plain.bind(which);
        } else if (kind === "stop") {
          flow.stop();
          plain.stop();
        } else if (kind === "save") {
          states.push([flow.save(), plain.save()]);
        } else {
          flow[kind](state);
          plain[kind](plainState);
        }
        for (let register = 0; register < 8; register++) {
          expect(flow.isBound(register)).toBe(plain.isBound(register));
        }
        expect(flow.isReachable).toBe(plain.save() !== undefined);
      }
    }),
  );
});
