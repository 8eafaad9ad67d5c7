import { type Builtin, type CallContext, defineBuiltin } from "../../starlark/index.ts";
import { callingFiber } from "./issue.ts";

/**
 * `w.info()`: a struct about the run itself: `run`, `workflow`, `digest`, `trigger`, `initiator`, `commands` (used
 * so far) and `max_commands`. Nothing in it changes between replays.
 */
export const info: Builtin = defineBuiltin("info", "", (ctx: CallContext) => callingFiber(ctx).info());
