/** Text of values: `repr(x)` and `str(x)`. */
import { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { StarlarkBytes } from "./bytes.ts";
import { StarlarkDict } from "./dict.ts";
import { FLOAT_TEXT_STEPS, formatFloat, StarlarkFloat } from "./float.ts";
import { Builtin, StarlarkFunction } from "./function.ts";
import { HostObject } from "./host-object.ts";
import { formatInt } from "./int.ts";
import { StarlarkList, StarlarkTuple } from "./list.ts";
import { quoteBytes, quoteString } from "./quote.ts";
import { StarlarkRange } from "./range.ts";
import { StarlarkSet } from "./set.ts";
import { decodeUtf8 } from "./utf8.ts";
import { type HeapValue, typeName, type Value } from "./value.ts";

/** Deeper data is refused, so that none can exhaust the JavaScript stack. */
const MAX_DEPTH = 500;

/** The text that `str(x)` gives: a string is itself. */
export function str(value: Value, budget: Budget = new Budget()): string {
  if (typeof value === "string") return value;
  if (value instanceof StarlarkBytes) {
    budget.charge(1 + value.data.length / 4, value.data.length * 2);
    return decodeUtf8(value.data);
  }
  const writer = new Writer(budget);
  if (value instanceof HostObject) return value.str((part) => writer.text(part), budget);
  return writer.text(value);
}

/** The text that `repr(x)` gives; a value inside itself is shown as `[...]` or `{...}`. */
export function repr(value: Value, budget: Budget = new Budget()): string {
  return new Writer(budget).text(value);
}

class Writer {
  private readonly budget: Budget;
  /** The containers that are being written, outermost first. */
  private readonly path: HeapValue[] = [];

  constructor(budget: Budget) {
    this.budget = budget;
  }

  text(value: Value): string {
    const text = this.write(value);
    // Charged piece by piece, so that shared data that doubles at every level ends early.
    this.budget.charge(1 + text.length / 256, 16 + text.length);
    return text;
  }

  private write(value: Value): string {
    switch (typeof value) {
      case "string":
        return quoteCharged(value, this.budget);
      case "number":
        return String(value);
      case "bigint":
        return formatInt(value, this.budget);
      case "boolean":
        return value ? "True" : "False";
    }
    if (value === null) return "None";
    if (value instanceof StarlarkFloat) {
      this.budget.charge(FLOAT_TEXT_STEPS, 0);
      return formatFloat(value.value);
    }
    if (value instanceof StarlarkBytes) {
      this.budget.charge(value.data.length * 4, value.data.length * 2);
      return quoteBytes(value.data);
    }
    if (value instanceof StarlarkFunction) return `<function ${value.name}>`;
    if (value instanceof Builtin) return describeBuiltin(value);
    if (value instanceof StarlarkRange) return describeRange(value);
    return this.writeContainer(value);
  }

  private writeContainer(value: HeapValue): string {
    if (this.path.includes(value)) return value instanceof StarlarkList ? "[...]" : "{...}";
    if (this.path.length >= MAX_DEPTH) throw new EvaluationError(`nested more than ${MAX_DEPTH} deep`);
    this.path.push(value);
    try {
      if (value instanceof StarlarkList) return `[${this.list(value.items)}]`;
      if (value instanceof StarlarkTuple) {
        return value.items.length === 1 ? `(${this.list(value.items)},)` : `(${this.list(value.items)})`;
      }
      if (value instanceof StarlarkDict) return `{${this.dict(value)}}`;
      if (value instanceof StarlarkSet) return `set([${this.list(value.elements.values())}])`;
      if (value instanceof HostObject) return value.repr((part) => this.text(part), this.budget);
      return `<${value.type}>`;
    } finally {
      this.path.pop();
    }
  }

  private list(items: Iterable<Value>): string {
    let text = "";
    for (const item of items) text += text === "" ? this.text(item) : `, ${this.text(item)}`;
    return text;
  }

  private dict(dict: StarlarkDict): string {
    let text = "";
    for (const { key, value } of dict.entries.values()) {
      const entry = `${this.text(key)}: ${this.text(value)}`;
      text += text === "" ? entry : `, ${entry}`;
    }
    return text;
  }
}

/** Escapes take longer than what needs none. */
function quoteCharged(text: string, budget: Budget): string {
  budget.charge(1 + text.length / 64, text.length);
  const quoted = quoteString(text);
  const escapes = quoted.length - text.length - 2;
  if (escapes > 0) budget.charge(escapes * 4, escapes * 8);
  return quoted;
}

function describeBuiltin(builtin: Builtin): string {
  if (builtin.receiver === undefined) return `<built-in function ${builtin.name}>`;
  return `<built-in method ${builtin.name} of ${typeName(builtin.receiver)} value>`;
}

function describeRange({ start, stop, step }: StarlarkRange): string {
  if (step !== 1) return `range(${start}, ${stop}, ${step})`;
  return start !== 0 ? `range(${start}, ${stop})` : `range(${stop})`;
}
