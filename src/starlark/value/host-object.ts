/**
 * Base of values that hosts and library modules define: structs, modules, durations, the workflow
 * API. A subclass overrides what it supports; the default of everything else is "not supported",
 * which the machine reports in the same words for every type. What takes long or allocates charges the
 * budget it is given, before it does; most have no need to.
 *
 * Example: an object with one read-only attribute and one method.
 *
 *     class Clock extends HostObject {
 *       override get type() { return 'clock'; }
 *       override attribute(name: string) {
 *         if (name === 'zone') return 'UTC';
 *         if (name === 'at') return at;   // a Builtin made by defineBuiltin
 *         return undefined;               // "clock has no .x field or method", with "did you mean"
 *       }
 *       override attributeNames() { return ['at', 'zone']; }
 *     }
 */
import type { Budget } from "../budget.ts";
import type { CallContext, CallResult, KeywordArgument } from "./call.ts";
import { HeapValue, type Value } from "./value.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "&" | "|" | "^" | "<<" | ">>";

export abstract class HostObject extends HeapValue {
  /** Text of `repr(x)`; `format` gives the text of a contained value. */
  repr(_format: (value: Value) => string, _budget: Budget): string {
    return `<${this.type}>`;
  }

  /** Text of `str(x)`. */
  str(format: (value: Value) => string, budget: Budget): string {
    return this.repr(format, budget);
  }

  /** `x.name`; undefined when there is no such attribute. */
  attribute(_name: string, _budget?: Budget): Value | undefined {
    return undefined;
  }

  /** What `dir(x)` lists, sorted, and what "did you mean" chooses from. */
  attributeNames(): string[] {
    return [];
  }

  /** `x.name = value`; returns false when this type does not take it. */
  setAttribute(_name: string, _value: Value): boolean {
    return false;
  }

  /** `len(x)`. */
  length(): number | undefined {
    return undefined;
  }

  /** `x[key]`; undefined when the type has no indexing. Throws for a bad index. */
  index(_key: Value, _budget: Budget): Value | undefined {
    return undefined;
  }

  /** `x[key] = value`; returns false when this type does not take it. */
  setIndex(_key: Value, _value: Value): boolean {
    return false;
  }

  /** `y in x`; undefined when the type has no membership. */
  contains(_value: Value, _budget: Budget): boolean | undefined {
    return undefined;
  }

  /** Elements for `for`; may be endless. Undefined when the type is not iterable. */
  iterate(): Iterator<Value> | undefined {
    return undefined;
  }

  /** `x op y`, or `y op x` when `reflected`; undefined when not supported. */
  binary(_operator: BinaryOperator, _other: Value, _reflected: boolean, _budget: Budget): Value | undefined {
    return undefined;
  }

  /** `-x`, `+x`, `~x`; undefined when not supported. */
  unary(_operator: "-" | "+" | "~"): Value | undefined {
    return undefined;
  }

  /**
   * A value that stands for this one in `==` and as a key of a dict: two host objects of the same
   * type are equal when their content is. Undefined: compared by identity.
   */
  content(): Value | undefined {
    return undefined;
  }

  /** Whether `<` is defined between objects of this type, by their content. */
  get ordered(): boolean {
    return false;
  }

  /** Whether it can be a key of a dict. */
  get hashable(): boolean {
    return true;
  }

  override get hashedByIdentity(): boolean {
    return this.hashable && this.content() === undefined;
  }

  /** `x(...)`; whoever overrides it overrides `callable` too. */
  invoke(_ctx: CallContext, _args: readonly Value[], _kwargs: readonly KeywordArgument[]): CallResult {
    throw new TypeError(`${this.type} is not callable`);
  }
}
