// Commands whose outcome the host knows at once: the clock and chance. Recorded, so that a replay sees the same.
import { type Builtin, type CallContext, defineBuiltin, type Value } from "../../starlark/index.ts";
import { issue } from "./issue.ts";
import { timeFromMs } from "./time.ts";

/** `w.now()`: the host's clock, as a `time.time` in UTC, to the millisecond. Its outcome is ms since the epoch. */
export const now: Builtin = defineBuiltin("now", "", (ctx: CallContext) =>
  issue(ctx, { kind: "now", name: "", args: {} }, (ms: Value) => timeFromMs(Number(ms))),
);

/** `w.uuid()`: a random UUID (RFC 9562, version 4), as text. */
export const uuid: Builtin = defineBuiltin("uuid", "", (ctx: CallContext) =>
  issue(ctx, { kind: "uuid", name: "", args: {} }),
);

/** `w.random()`: a float, at least 0 and less than 1. */
export const random: Builtin = defineBuiltin("random", "", (ctx: CallContext) =>
  issue(ctx, { kind: "random", name: "", args: {} }),
);
