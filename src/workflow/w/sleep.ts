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

/** Parameters of a function that takes a length of time in units, for its signature. */
export const unitParameters: string = Object.keys(units)
  .map((unit) => `${unit}??: int|float`)
  .join(", ");

/** The sum of the arguments for `unitParameters`, in ms; undefined when there are none. Throws `InvalidDuration`. */
export function sumOfUnits(fn: string, amounts: readonly (Value | undefined)[]): number | undefined {
  if (amounts.every((amount) => amount === undefined)) return undefined;
  const unitsMs = Object.values(units);
  const total = amounts.reduce(
    (sum: number, amount, i) => sum + (amount === undefined ? 0 : amountOf(amount) * (unitsMs[i] ?? 0)),
    0,
  );
  return toDurationMs(fn, total);
}

/** `w.sleep(minutes=30)`: nothing runs and nothing is held in memory until then. Units add up. */
export const sleep: Builtin = defineBuiltin(
  "sleep",
  `*, ${unitParameters}`,
  (ctx: CallContext, ...amounts: (Value | undefined)[]) => {
    const ms = sumOfUnits("sleep", amounts);
    if (ms === undefined) {
      throw durationError("sleep", `say how long: one of ${Object.keys(units).join("=, ")}=`);
    }
    return issue(ctx, { kind: "sleep", name: "", args: { ms } });
  },
);

function amountOf(value: Value): number {
  return value instanceof StarlarkFloat ? value.value : Number(value);
}
