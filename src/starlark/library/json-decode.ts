/** `json.decode`: numbers with a point or an exponent become floats, others ints of any size. */
import type { Budget } from "../budget.ts";
import { EMPTY_DICT_BYTES, StarlarkDict } from "../value/dict.ts";
import { StarlarkFloat } from "../value/float.ts";
import { negateInt, parseDigits } from "../value/int.ts";
import { LIST_BYTES, StarlarkList } from "../value/list.ts";
import { typeName, type Value } from "../value/value.ts";
import { JsonReader } from "./json-reader.ts";

/** Deeper data is refused, so that none can exhaust the JavaScript stack. */
const MAX_DEPTH = 500;
const SLOT_BYTES = 32;

const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const CLOSE_BRACKET = 93;
const CLOSE_BRACE = 125;

/** The value of a JSON text; throws when the text is malformed. */
export function decodeJson(text: string, budget: Budget): Value {
  budget.charge(text.length / 32, 0);
  const reader = new JsonReader(text, "json.decode");
  const value = readValue(reader, budget, 0);
  reader.end();
  return value;
}

function readValue(reader: JsonReader, budget: Budget, depth: number): Value {
  const first = reader.require();
  budget.charge(2, SLOT_BYTES);
  switch (first) {
    case 34: // "
      return readString(reader, budget);
    case 91: // [
      return readArray(reader, budget, depth);
    case 123: // {
      return readObject(reader, budget, depth);
    case 110: // n
      reader.word("null");
      return null;
    case 116: // t
      reader.word("true");
      return true;
    case 102: // f
      reader.word("false");
      return false;
  }
  if (first === MINUS || (first >= ZERO && first <= NINE)) return readNumber(reader, budget);
  throw reader.unexpected();
}

function readString(reader: JsonReader, budget: Budget): string {
  const value = reader.string();
  budget.charge(0, value.length);
  return value;
}

function readNumber(reader: JsonReader, budget: Budget): Value {
  const small = reader.smallInt();
  if (small !== undefined) return small;
  const number = reader.number();
  budget.charge(10 + number.length / 4, 0);
  if (/[.eE]/.test(number)) {
    const value = Number(number);
    if (Number.isFinite(value)) return new StarlarkFloat(value);
    throw reader.error(`invalid number: ${number.slice(0, 100)}`);
  }
  if (number.length < 16) return Number(number) + 0;
  const isNegative = number.startsWith("-");
  const magnitude = parseDigits(isNegative ? number.slice(1) : number, 10, budget) ?? 0;
  return isNegative ? negateInt(magnitude) : magnitude;
}

function readArray(reader: JsonReader, budget: Budget, depth: number): StarlarkList {
  checkDepth(reader, depth);
  reader.offset++;
  const items: Value[] = [];
  budget.charge(0, LIST_BYTES);
  if (reader.accept(CLOSE_BRACKET)) return new StarlarkList(items);
  for (;;) {
    items.push(readValue(reader, budget, depth + 1));
    if (reader.accept(COMMA)) continue;
    if (reader.accept(CLOSE_BRACKET)) return new StarlarkList(items);
    throw reader.wanted("in array", "',' or ']'");
  }
}

function readObject(reader: JsonReader, budget: Budget, depth: number): StarlarkDict {
  checkDepth(reader, depth);
  reader.offset++;
  const dict = new StarlarkDict();
  budget.charge(0, EMPTY_DICT_BYTES);
  if (reader.accept(CLOSE_BRACE)) return dict;
  for (;;) {
    const key = readValue(reader, budget, depth + 1);
    if (typeof key !== "string") throw reader.error(`got ${typeName(key)} for object key, want string`);
    if (!reader.accept(COLON)) throw reader.wanted("after object key", "':'");
    // A repeated key is no error: the last one counts.
    dict.set(key, readValue(reader, budget, depth + 1), budget);
    if (reader.accept(COMMA)) continue;
    if (reader.accept(CLOSE_BRACE)) return dict;
    throw reader.wanted("in object", "',' or '}'");
  }
}

function checkDepth(reader: JsonReader, depth: number): void {
  if (depth >= MAX_DEPTH) throw reader.error(`nested more than ${MAX_DEPTH} deep`);
}
