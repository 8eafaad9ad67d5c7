// `assert`: what tests expect. A failed expectation ends the test, with a message that shows both sides.
import {
  type Builtin,
  type CallContext,
  type CallResult,
  collect,
  defineBuiltin,
  equals,
  HostObject,
  repr,
  StarlarkDict,
  StarlarkError,
  StarlarkModule,
  truth,
  typeName,
  type Value,
} from "../starlark/index.ts";

const ASSERTION_FAILED = "AssertionFailed";
/** Longer values are shown below each other. */
const MAX_INLINE = 60;

function failed(what: string, because: string | undefined): StarlarkError {
  return new StarlarkError(because === undefined ? what : `${because}: ${what}`, {
    code: ASSERTION_FAILED,
    uncatchable: true,
  });
}

function gotWant(got: Value, want: Value): string {
  const [left, right] = [repr(got), repr(want)];
  if (left.length <= MAX_INLINE && right.length <= MAX_INLINE) return `got ${left}, want ${right}`;
  return `\n  got:  ${left}\n  want: ${right}`;
}

const eq: Builtin = defineBuiltin(
  "assert.eq",
  "got, want, message??: string",
  (ctx: CallContext, got: Value, want: Value, message?: string) => {
    if (equals(got, want, ctx.budget)) return null;
    throw failed(gotWant(got, want), message);
  },
);

const ne: Builtin = defineBuiltin(
  "assert.ne",
  "got, unwanted, message??: string",
  (ctx: CallContext, got: Value, unwanted: Value, message?: string) => {
    if (!equals(got, unwanted, ctx.budget)) return null;
    throw failed(`got ${repr(got)}, which was not to be`, message);
  },
);

const isTrue: Builtin = defineBuiltin(
  "assert.true",
  "condition, message??: string",
  (_ctx: CallContext, condition: Value, message?: string) => {
    if (truth(condition)) return null;
    throw failed(`got ${repr(condition)}, want something true`, message);
  },
);

const isFalse: Builtin = defineBuiltin(
  "assert.false",
  "condition, message??: string",
  (_ctx: CallContext, condition: Value, message?: string) => {
    if (!truth(condition)) return null;
    throw failed(`got ${repr(condition)}, want something false`, message);
  },
);

function holds(container: Value, item: Value, ctx: CallContext): boolean {
  if (typeof container === "string") return typeof item === "string" && container.includes(item);
  if (container instanceof StarlarkDict) return container.has(item, ctx.budget);
  if (container instanceof HostObject) {
    const said = container.contains(item, ctx.budget);
    if (said !== undefined) return said;
  }
  return collect(container, ctx.budget).some((element) => equals(element, item, ctx.budget));
}

const contains: Builtin = defineBuiltin(
  "assert.contains",
  "container, item, message??: string",
  (ctx: CallContext, container: Value, item: Value, message?: string) => {
    if (holds(container, item, ctx)) return null;
    throw failed(`${repr(item)} is not in the ${typeName(container)} ${repr(container)}`, message);
  },
);

const fails: Builtin = defineBuiltin(
  "assert.fails",
  "fn: callable, text: string",
  (ctx: CallContext, fn: Value, text: string): CallResult =>
    ctx.attempt(fn, [], [], (outcome) => {
      if (outcome.ok) {
        throw failed(`it returned ${repr(outcome.value)}, want an error with ${repr(text)}`, undefined);
      }
      const { message } = outcome.error;
      if (message.includes(text)) return message;
      throw failed(`got the error ${repr(message)}, want one with ${repr(text)}`, undefined);
    }),
);

export const assertModule: StarlarkModule = new StarlarkModule("assert", {
  eq,
  ne,
  true: isTrue,
  false: isFalse,
  contains,
  fails,
});
