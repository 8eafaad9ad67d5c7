/** The views that `elems`, `elem_ords`, `codepoints` and `codepoint_ords` give of strings and bytes. */
import type { StarlarkBytes } from "../value/bytes.ts";
import { HostObject } from "../value/host-object.ts";
import { quoteBytes, quoteString } from "../value/quote.ts";
import type { Value } from "../value/value.ts";
import { offsetOf } from "./bounds.ts";

/** Rough size of a view, for charging the budget. */
export const VIEW_BYTES = 64;

/** The elements (UTF-16 code units) of a string, as strings or as numbers. */
export class StringElements extends HostObject {
  private readonly text: string;
  private readonly asNumbers: boolean;

  constructor(text: string, asNumbers: boolean) {
    super();
    this.text = text;
    this.asNumbers = asNumbers;
  }

  override get type(): string {
    return "string.elems";
  }

  override repr(): string {
    return `${quoteString(this.text)}.${this.asNumbers ? "elem_ords" : "elems"}()`;
  }

  override length(): number {
    return this.text.length;
  }

  override index(key: Value): Value {
    return this.at(offsetOf(this.text.length, key, this.type));
  }

  override *iterate(): Iterator<Value> {
    for (let i = 0; i < this.text.length; i++) yield this.at(i);
  }

  private at(index: number): Value {
    return this.asNumbers ? this.text.charCodeAt(index) : this.text.charAt(index);
  }
}

/** The code points of a string, as strings or as numbers. */
export class StringCodePoints extends HostObject {
  private readonly text: string;
  private readonly asNumbers: boolean;

  constructor(text: string, asNumbers: boolean) {
    super();
    this.text = text;
    this.asNumbers = asNumbers;
  }

  override get type(): string {
    return "string.codepoints";
  }

  override repr(): string {
    return `${quoteString(this.text)}.${this.asNumbers ? "codepoint_ords" : "codepoints"}()`;
  }

  override *iterate(): Iterator<Value> {
    for (const character of this.text) yield this.asNumbers ? (character.codePointAt(0) ?? 0) : character;
  }
}

/** The elements of bytes, as numbers. */
export class BytesElements extends HostObject {
  private readonly bytes: StarlarkBytes;

  constructor(bytes: StarlarkBytes) {
    super();
    this.bytes = bytes;
  }

  override get type(): string {
    return "bytes.elems";
  }

  override repr(): string {
    return `${quoteBytes(this.bytes.data)}.elems()`;
  }

  override iterate(): Iterator<Value> {
    return this.bytes.data.values();
  }
}
