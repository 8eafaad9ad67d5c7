/** Structs: immutable records with named fields. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { HostObject } from "./host-object.ts";
import { StarlarkTuple } from "./list.ts";
import { HeapValue, type Value } from "./value.ts";

/** Rough size of a field, for charging the budget. */
export const FIELD_BYTES = 64;

export class StarlarkStruct extends HostObject {
  /** Sorted by name. */
  readonly fields: ReadonlyMap<string, Value>;
  /** What made it: a name, or the symbol of the host that `repr` shows. Default `struct`. */
  readonly constructorValue: Value;
  private visited = false;

  constructor(fields: Iterable<readonly [string, Value]>, constructorValue: Value = "struct") {
    super();
    this.fields = new Map([...fields].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    this.constructorValue = constructorValue;
  }

  override get type(): string {
    return "struct";
  }

  override attribute(name: string): Value | undefined {
    return this.fields.get(name);
  }

  override attributeNames(): string[] {
    return [...this.fields.keys()];
  }

  override repr(format: (value: Value) => string): string {
    const name =
      typeof this.constructorValue === "string" ? this.constructorValue : format(this.constructorValue);
    const fields = [...this.fields].map(([field, value]) => `${field} = ${format(value)}`);
    return `${name}(${fields.join(", ")})`;
  }

  /** The fields of both, those of `other` where both have one; throws for one of another constructor. */
  merge(other: StarlarkStruct, budget: Budget): StarlarkStruct {
    if (this.constructorValue !== other.constructorValue) {
      throw new EvaluationError("cannot add structs of different constructors");
    }
    const count = this.fields.size + other.fields.size;
    budget.charge(count, FIELD_BYTES * count);
    return new StarlarkStruct([...this.fields, ...other.fields], this.constructorValue);
  }

  override content(): Value {
    const parts: Value[] = [this.constructorValue];
    for (const [name, value] of this.fields) parts.push(name, value);
    return new StarlarkTuple(parts);
  }

  /** Told without making the content, which takes time in a struct of many fields. */
  override get hashedByIdentity(): boolean {
    return false;
  }

  override freezeShallow(): Iterable<Value> | undefined {
    if (this.visited) return undefined;
    this.visited = true;
    return this.fields.values();
  }
}

/** Makes a struct from named fields; `name` is what its text starts with, default `struct`. */
export function makeStruct(fields: Readonly<Record<string, Value>>, name = "struct"): StarlarkStruct {
  return new StarlarkStruct(Object.entries(fields), name);
}

/** A named collection of members, such as `json` or `math`. */
export class StarlarkModule extends HostObject {
  readonly name: string;
  readonly members: ReadonlyMap<string, Value>;

  constructor(name: string, members: Readonly<Record<string, Value>>) {
    super();
    this.name = name;
    this.members = new Map(Object.entries(members));
  }

  override get type(): string {
    return "module";
  }

  override get hashable(): boolean {
    return false;
  }

  override repr(): string {
    return `<module "${this.name}">`;
  }

  override attribute(name: string): Value | undefined {
    return this.members.get(name);
  }

  override attributeNames(): string[] {
    return [...this.members.keys()].sort();
  }

  override freezeShallow(): Iterable<Value> {
    return [...this.members.values()].filter((member) => member instanceof HeapValue);
  }
}
