/** What starlark-go's tests expect their host to predeclare. */
import { RE2JS } from "re2js";
import {
  type BinaryOperator,
  type CallContext,
  defineBuiltin,
  EvaluationError,
  Fiber,
  freeze,
  HostObject,
  type KeywordArgument,
  StarlarkFloat,
  StarlarkList,
  StarlarkModule,
  standardModules,
  str,
  type Value,
} from "../../src/starlark/index.ts";
import { noAttribute } from "../../src/starlark/machine/attributes.ts";
import { isInt } from "../../src/starlark/value/int.ts";
import type { Report } from "./report.ts";

/** An object with attributes that can be set. */
class HasFields extends HostObject {
  private readonly fields = new Map<string, Value>();
  private frozen = false;

  override get type(): string {
    return "hasfields";
  }

  override attribute(name: string): Value | undefined {
    return this.fields.get(name);
  }

  override attributeNames(): string[] {
    return [...this.fields.keys()].sort();
  }

  override setAttribute(name: string, value: Value): boolean {
    if (this.frozen) throw new EvaluationError("cannot set field on a frozen hasfields");
    // The suite's own host refuses names that begin so.
    if (name.startsWith("no")) throw noAttribute(this, name);
    this.fields.set(name, value);
    return true;
  }

  /** A list and such an object make 42, which tells whether `list += x` asks the object. */
  override binary(operator: BinaryOperator, other: Value, reflected: boolean): Value | undefined {
    return operator === "+" && reflected && other instanceof StarlarkList ? 42 : undefined;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.frozen) return undefined;
    this.frozen = true;
    return this.fields.values();
  }
}

/** The numbers of Fibonacci, without end. */
class Fibonacci extends HostObject {
  override get type(): string {
    return "fibonacci";
  }

  override *iterate(): Iterator<Value> {
    let [current, next] = [0, 1];
    for (;;) {
      yield current;
      [current, next] = [next, current + next];
    }
  }
}

/** For the tests themselves. */
export function testPredeclared(): Record<string, Value> {
  return {
    // Of the files, only the benchmarks use it without loading it.
    json: standardModules.json ?? null,
    struct: standardModules.struct ?? null,
    fibonacci: new Fibonacci(),
    hasfields: defineBuiltin("hasfields", "", () => new HasFields()),
  };
}

/** For the file that defines the suite's assertions, when a test file loads it. */
export function assertPredeclared(testFile: string, report: Report): Record<string, Value> {
  return {
    error: defineBuiltin("error", "*args", (ctx, args: Value[]) => {
      report.failAfterAll(
        testFile,
        lineIn(testFile, ctx),
        "assertion holds",
        args.map((arg) => str(arg)).join(" "),
      );
      return null;
    }),
    catch: defineBuiltin("catch", "f, /", (ctx, f: Value) =>
      ctx.attempt(f, [], [], (outcome) => (outcome.ok ? null : outcome.error.message)),
    ),
    matches: defineBuiltin("matches", "pattern: string, str: string", (_ctx, pattern: string, text: string) =>
      RE2JS.compile(pattern).matcher(text).find(),
    ),
    module: defineBuiltin(
      "module",
      "name: string, /, **kwargs",
      (_ctx, name: string, members: KeywordArgument[]) => {
        return new StarlarkModule(name, Object.fromEntries(members.map((member) => counted(member, report))));
      },
    ),
    _freeze: defineBuiltin("freeze", "x, /", (_ctx, x: Value) => {
      freeze(x);
      return x;
    }),
    _floateq: defineBuiltin("_floateq", "x, y", (_ctx, x: Value, y: Value) => {
      const [a, b] = [toNumber(x), toNumber(y)];
      return (
        a === b ||
        (Number.isNaN(a) && Number.isNaN(b)) ||
        Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b))
      );
    }),
  };
}

/** Every call of an assertion counts as passed, until it reports otherwise. */
function counted([name, member]: KeywordArgument, report: Report): [string, Value] {
  const counting = defineBuiltin(name, "*args, **kwargs", (ctx, args: Value[], kwargs: KeywordArgument[]) => {
    report.pass();
    return ctx.call(member, args, kwargs);
  });
  return [name, counting];
}

function toNumber(value: Value): number {
  if (value instanceof StarlarkFloat) return value.value;
  return isInt(value) ? Number(value) : Number.NaN;
}

function lineIn(file: string, ctx: CallContext): number {
  const frames = ctx instanceof Fiber ? ctx.callStack : [];
  return [...frames].reverse().find((frame) => frame.file === file)?.line ?? 0;
}
