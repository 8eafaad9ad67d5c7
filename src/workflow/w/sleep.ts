import {
  type Builtin,
  type CallContext,
  defineBuiltin,
  StarlarkFloat,
  type Value,
} from "../../starlark/index.ts";
import { durationError, toDurationMs } from "./duration.ts";
import { issue } from "./issue.ts";

const units = { days: 24 * 3600_000, hours: 3600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 };

/** `w.sleep(minutes=30)`: nothing runs and nothing is held in memory until then. Units add up. */
export const sleep: Builtin = defineBuiltin(
  "sleep",
  "*, days??: int|float, hours??: int|float, minutes??: int|float, seconds??: int|float, milliseconds??: int|float",
  (ctx: CallContext, ...amounts: (Value | undefined)[]) => {
    const given = amounts.map((amount, i) => ({ amount, unitMs: Object.values(units)[i] ?? 0 }));
    if (given.every(({ amount }) => amount === undefined)) {
      throw durationError("sleep", `say how long: one of ${Object.keys(units).join("=, ")}=`);
    }
    const total = given.reduce(
      (sum, { amount, unitMs }) => sum + (amount === undefined ? 0 : amountOf(amount) * unitMs),
      0,
    );
    return issue(ctx, { kind: "sleep", name: "", args: { ms: toDurationMs("sleep", total) } });
  },
);

function amountOf(value: Value): number {
  return value instanceof StarlarkFloat ? value.value : Number(value);
}
