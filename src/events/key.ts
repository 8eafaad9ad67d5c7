// The `key` of a trigger's flow control: a CEL expression over `event` that names the group an event belongs to.
import { ok, type Result, refuse } from "../protocol/result.ts";
import { compileExpression, type FilteredEvent } from "./expression.ts";

const MAX_KEY_LENGTH = 500;
const MAX_COMPILED = 500;
const scalars = new Set(["string", "int", "double", "bool", "dyn"]);

/** The key of an event, as text. Refuses `key_failed`. */
export type Key = (event: FilteredEvent) => Result<string>;

/** Compiles a key. Refuses `invalid_key` with a message that says where. */
export function compileKey(text: string): Result<Key> {
  const compiled = compileExpression(text, "key");
  if (!compiled.ok) return compiled;
  const { type, evaluate } = compiled.value;
  if (!scalars.has(type)) {
    return refuse("invalid_key", `a key must come out as text, a number or a bool, this one as ${type}`);
  }
  return ok((event) => {
    const outcome = evaluate(event);
    return outcome.ok ? textOf(outcome.value) : outcome;
  });
}

function textOf(value: unknown): Result<string> {
  const isScalar = ["string", "number", "bigint", "boolean"].includes(typeof value);
  if (!isScalar) return refuse("key_failed", "the key came out as no text, number or bool");
  const text = String(value);
  return text.length <= MAX_KEY_LENGTH
    ? ok(text)
    : refuse(
        "key_failed",
        `the key came out with ${text.length} characters, at most ${MAX_KEY_LENGTH} are taken`,
      );
}

/** What is wrong with a key, in a sentence; undefined when nothing is. */
export function checkKey(text: string): string | undefined {
  const compiled = compileKey(text);
  if (compiled.ok) return undefined;
  return `${compiled.error.message}. A key is a CEL expression: "event.data.service", or "'production'" for one text`;
}

/** Holds compiled keys, which are many times dearer to compile than to evaluate. */
export class Keys {
  readonly #compiled = new Map<string, Result<Key>>();

  /** The event's key; "" where the rule has none. Refuses `invalid_key`, `key_failed`. */
  of(key: string | undefined, event: FilteredEvent): Result<string> {
    if (key === undefined) return ok("");
    let compiled = this.#compiled.get(key);
    if (!compiled) {
      compiled = compileKey(key);
      if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
      this.#compiled.set(key, compiled);
    }
    return compiled.ok ? compiled.value(event) : compiled;
  }
}
