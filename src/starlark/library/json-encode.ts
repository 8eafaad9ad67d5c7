/** `json.encode`: a value as JSON text, without spaces, the keys of objects in order. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { StarlarkDict } from "../value/dict.ts";
import { FLOAT_TEXT_STEPS, formatFloat, StarlarkFloat } from "../value/float.ts";
import { HostObject } from "../value/host-object.ts";
import { formatInt } from "../value/int.ts";
import { iterate } from "../value/iterate.ts";
import { quoteString } from "../value/quote.ts";
import { type HeapValue, typeName, type Value } from "../value/value.ts";

/** Deeper data is refused, so that none can exhaust the JavaScript stack. */
const MAX_DEPTH = 500;
/** A container takes so many steps more than what is written of it. */
const CONTAINER_STEPS = 4;

/** Text of a value; throws with the path to what cannot be encoded, in the name of the builtin `name`. */
export function encodeJson(value: Value, budget: Budget, name = "json.encode"): string {
  const encoder = new Encoder(budget, name);
  encoder.write(value);
  return encoder.text;
}

interface Field {
  readonly key: string;
  readonly value: Value;
}

class Encoder {
  text = "";
  private readonly budget: Budget;
  private readonly name: string;
  /** The containers that are being written, and where in each of them. */
  private readonly containers: HeapValue[] = [];
  private readonly places: (string | number)[] = [];

  constructor(budget: Budget, name: string) {
    this.budget = budget;
    this.name = name;
  }

  write(value: Value): void {
    switch (typeof value) {
      case "string":
        this.append(quoteJson(value, this.budget));
        return;
      case "number":
        this.append(String(value));
        return;
      case "bigint":
        this.append(formatInt(value, this.budget));
        return;
      case "boolean":
        this.append(value ? "true" : "false");
        return;
    }
    if (value === null) this.append("null");
    else if (value instanceof StarlarkFloat) this.writeFloat(value);
    else this.writeContainer(value);
  }

  private append(piece: string): void {
    this.budget.charge(1 + piece.length / 256, piece.length);
    this.text += piece;
  }

  private writeFloat(float: StarlarkFloat): void {
    this.budget.charge(FLOAT_TEXT_STEPS, 0);
    if (!Number.isFinite(float.value)) {
      throw this.error(`cannot encode non-finite float ${formatFloat(float.value)}`);
    }
    this.append(formatFloat(float.value));
  }

  private writeContainer(container: HeapValue): void {
    if (this.containers.includes(container)) throw this.error("cycle in JSON structure");
    if (this.containers.length >= MAX_DEPTH) throw this.error(`nested more than ${MAX_DEPTH} deep`);
    const depth = this.containers.push(container) - 1;
    this.budget.charge(CONTAINER_STEPS + depth / 16, 64);
    if (container instanceof StarlarkDict) this.writeDict(container, depth);
    else if (!this.writeElements(container, depth)) this.writeFields(container, depth);
    this.containers.length = depth;
    this.places.length = depth;
  }

  private writeDict(dict: StarlarkDict, depth: number): void {
    const { size } = dict;
    this.budget.charge(size * Math.log2(size + 1), size * 8);
    const fields: Field[] = [];
    let isSorted = true;
    let previous = "";
    for (const entry of dict.entries.values()) {
      const { key } = entry;
      if (typeof key !== "string") throw this.error(`dict has ${typeName(key)} key, want string`);
      if (key < previous) isSorted = false;
      previous = key;
      fields.push(entry as Field);
    }
    if (!isSorted) fields.sort((x, y) => (x.key < y.key ? -1 : 1));
    this.writeObject(fields, depth);
  }

  /** Tells whether the value is iterable. */
  private writeElements(container: HeapValue, depth: number): boolean {
    const iteration = iterate(container, this.budget);
    if (iteration === undefined) return false;
    this.append("[");
    try {
      let index = 0;
      for (let element = iteration.next(); element !== undefined; element = iteration.next()) {
        if (index > 0) this.append(",");
        this.places[depth] = index++;
        this.write(element);
      }
    } finally {
      iteration.release();
    }
    this.append("]");
    return true;
  }

  private writeFields(container: HeapValue, depth: number): void {
    if (!(container instanceof HostObject)) throw this.notEncodable(container, depth);
    const fields: Field[] = [];
    for (const name of container.attributeNames().sort()) {
      const value = container.attribute(name, this.budget);
      if (value !== undefined) fields.push({ key: name, value });
    }
    if (fields.length === 0 && container.type !== "struct") throw this.notEncodable(container, depth);
    this.writeObject(fields, depth);
  }

  private writeObject(fields: readonly Field[], depth: number): void {
    let before = "{";
    for (const { key, value } of fields) {
      this.append(`${before}${quoteJson(key, this.budget)}:`);
      before = ",";
      this.places[depth] = key;
      this.write(value);
    }
    this.append(fields.length === 0 ? "{}" : "}");
  }

  private notEncodable(value: HeapValue, depth: number): EvaluationError {
    this.places.length = depth;
    return this.error(`cannot encode ${typeName(value)} as JSON`);
  }

  private error(problem: string): EvaluationError {
    const path = this.places.map((place, depth) => describePlace(this.containers[depth], place));
    return new EvaluationError(`${this.name}: ${[...path, problem].join(": ")}`);
  }
}

/** For the path to what cannot be encoded. */
function describePlace(container: HeapValue | undefined, place: string | number): string {
  if (typeof place === "number") return `at ${typeName(container ?? null)} index ${place}`;
  return container instanceof StarlarkDict ? `in dict key ${quoteString(place)}` : `in field .${place}`;
}

/** What needs no escapes: most strings. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A string in JSON's quotes; half a surrogate pair, which is no character, becomes U+FFFD. */
function quoteJson(text: string, budget: Budget): string {
  budget.charge(text.length / 64, text.length);
  if (PLAIN.test(text)) return `"${text}"`;
  budget.charge(text.length / 4, text.length);
  if (text.isWellFormed()) return JSON.stringify(text);
  budget.charge(text.length * 8, text.length * 16);
  const quoted = text.split(/\p{Cs}/u).map((part) => JSON.stringify(part).slice(1, -1));
  return `"${quoted.join("\\ufffd")}"`;
}
