/**
 * How builtins are made. The machine finds them in two places, both in `library/`:
 *
 * - `library/universe.ts` exports `universe: ReadonlyMap<string, Value>`, the names known everywhere;
 * - `library/methods.ts` exports `methodsOf(value: Value): MethodTable | undefined`, the methods of
 *   string, bytes, list, dict and set.
 */
import { parseSignature } from "./arguments.ts";
import { Builtin, type Implementation } from "./function.ts";

/**
 * Makes a builtin function from its name, its signature (see arguments.ts) and its implementation,
 * which gets the call's context and one argument per parameter.
 *
 *     const double = defineBuiltin('double', 'text: string, times?: index', (ctx, text: string, times?: number) => {
 *       ctx.charge(1, 2 * text.length * (times ?? 2));
 *       return text.repeat(times ?? 2);
 *     });
 */
export function defineBuiltin(name: string, signature: string, implementation: Implementation): Builtin {
  return new Builtin(name, parseSignature(signature), implementation);
}

/** The methods of a type, by name. They are not bound: the machine gives them their receiver. */
export type MethodTable = ReadonlyMap<string, Builtin>;

/**
 * Makes a method of a builtin type; the implementation gets the context, the receiver, then one
 * argument per parameter.
 */
export function defineMethod(name: string, signature: string, implementation: Implementation): Builtin {
  return new Builtin(name, parseSignature(signature), implementation, true);
}
