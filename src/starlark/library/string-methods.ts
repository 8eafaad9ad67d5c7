/** The methods of strings. */
import { EvaluationError } from "../errors.ts";
import type { CallContext, KeywordArgument } from "../value/call.ts";
import { defineMethod, type MethodTable } from "../value/define.ts";
import type { Builtin } from "../value/function.ts";
import { collect } from "../value/iterate.ts";
import { StarlarkList, StarlarkTuple } from "../value/list.ts";
import { chargeSearch } from "../value/text-search.ts";
import { typeName, type Value } from "../value/value.ts";
import { bounds } from "./bounds.ts";
import {
  capitalize,
  isAlphabetic,
  isAlphanumeric,
  isAscii,
  isDigits,
  isLower,
  isTitle,
  isUpper,
  toLower,
  toTitle,
  toUpper,
} from "./letter-case.ts";
import { formatTemplate } from "./string-format.ts";
import { StringCodePoints, StringElements, VIEW_BYTES } from "./string-iterables.ts";
import {
  countOccurrences,
  replaceText,
  splitAt,
  splitAtCode,
  splitAtFromRight,
  splitLines,
  splitWords,
  splitWordsFromRight,
} from "./string-split.ts";
import { isBlank, skipSpace, skipSpaceBack } from "./white-space.ts";

/** Reading text is charged a step for so many characters. */
const CHARACTERS_PER_STEP = 64;

function chargeReading(ctx: CallContext, text: string): void {
  if (text.length > CHARACTERS_PER_STEP) ctx.charge(text.length / CHARACTERS_PER_STEP, 0);
}

function chargeCopy(ctx: CallContext, length: number): void {
  ctx.charge(length / CHARACTERS_PER_STEP, 16 + length);
}

/** Counting occurrences takes longer the more there can be. */
function chargeCounting(ctx: CallContext, text: string, part: string): void {
  chargeSearch(text, part, ctx.budget);
  ctx.charge(text.length / (2 * Math.max(1, part.length)) + text.length / CHARACTERS_PER_STEP, 0);
}

/** A method that tells something about the text. */
function test(name: string, holds: (text: string) => boolean): Builtin {
  return defineMethod(name, "", (ctx, text: string) => {
    // As for changing the case, which some do.
    ctx.charge(isAscii(text) ? text.length / 4 : text.length * 4, 0);
    return holds(text);
  });
}

/** A method that makes a text of the same size. */
function transform(name: string, change: (text: string) => string): Builtin {
  return defineMethod(name, "", (ctx, text: string) => {
    // Beyond ASCII, characters are mapped one by one.
    ctx.charge(isAscii(text) ? text.length / 8 : text.length * 4, 16 + text.length);
    return change(text);
  });
}

// Searching.

function search(name: string, find: (text: string, part: string) => number, isRequired: boolean): Builtin {
  return defineMethod(
    name,
    "sub: string, start?, end?, /",
    (ctx, text: string, part: string, start?: Value, end?: Value) => {
      chargeReading(ctx, text);
      chargeSearch(text, part, ctx.budget);
      const [from, to] = bounds(text.length, start, end, name);
      const at = find(to - from === text.length ? text : text.slice(from, to), part);
      if (at >= 0) return from + at;
      if (isRequired) throw new EvaluationError(`${name}: substring not found`);
      return -1;
    },
  );
}

const first = (text: string, part: string): number => text.indexOf(part);
const last = (text: string, part: string): number => text.lastIndexOf(part);

function affix(name: string, holds: (text: string, part: string) => boolean): Builtin {
  return defineMethod(
    name,
    "x, start?, end?, /",
    (ctx, text: string, wanted: Value, start?: Value, end?: Value) => {
      const [from, to] = bounds(text.length, start, end, name);
      const part = to - from === text.length ? text : text.slice(from, to);
      if (typeof wanted === "string") {
        chargeReading(ctx, wanted);
        return holds(part, wanted);
      }
      if (!(wanted instanceof StarlarkTuple)) {
        throw new EvaluationError(`${name}: got ${typeName(wanted)}, want string or tuple of string`);
      }
      return wanted.items.some((item, i) => {
        if (typeof item !== "string") {
          throw new EvaluationError(`${name}: want string, got ${typeName(item)}, for element ${i}`);
        }
        ctx.charge(1 + item.length / CHARACTERS_PER_STEP, 0);
        return holds(part, item);
      });
    },
  );
}

const count = defineMethod(
  "count",
  "sub: string, start?, end?, /",
  (ctx, text: string, part: string, start?: Value, end?: Value) => {
    chargeCounting(ctx, text, part);
    const [from, to] = bounds(text.length, start, end, "count");
    return countOccurrences(text.slice(from, to), part);
  },
);

// Stripping.

function strip(name: string, atStart: boolean, atEnd: boolean): Builtin {
  return defineMethod(name, "cutset??: string, /", (ctx, text: string, cutset?: string) => {
    let start = 0;
    let end = text.length;
    // An empty cutset stands for white space, too (starlark-go).
    if (cutset === undefined || cutset === "") {
      if (atStart) start = skipSpace(text, 0);
      if (atEnd && start < end) end = skipSpaceBack(text, end);
    } else {
      ctx.charge(cutset.length * 2, cutset.length);
      const cut = cutOf(cutset);
      if (atStart) while (start < end && cut.has(characterAt(text, start))) start += sizeAt(text, start);
      if (atEnd) {
        for (let size = sizeBefore(text, end); end > start && cut.has(text.slice(end - size, end)); ) {
          end -= size;
          size = sizeBefore(text, end);
        }
      }
    }
    ctx.charge((text.length - (end - start)) * 2, 16);
    return text.slice(start, end);
  });
}

/** What tells whether a character is in a set of some. */
function cutOf(cutset: string): { has(character: string): boolean } {
  const isShort = cutset.length <= 8 && isAscii(cutset);
  return isShort ? { has: (character) => cutset.includes(character) } : new Set(cutset);
}

function characterAt(text: string, at: number): string {
  return text.slice(at, at + sizeAt(text, at));
}

function sizeAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function sizeBefore(text: string, end: number): number {
  return end >= 2 && (text.codePointAt(end - 2) ?? 0) > 0xffff ? 2 : 1;
}

const removePrefix = defineMethod(
  "removeprefix",
  "prefix: string, /",
  (ctx, text: string, prefix: string) => {
    chargeReading(ctx, prefix);
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  },
);

const removeSuffix = defineMethod(
  "removesuffix",
  "suffix: string, /",
  (ctx, text: string, suffix: string) => {
    chargeReading(ctx, suffix);
    return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
  },
);

// Cutting and joining.

type Cut = (text: string, separator: string, limit: number) => string[];
type CutWords = (text: string, limit: number) => string[];

function split(name: string, cut: Cut, cutWords: CutWords): Builtin {
  return defineMethod(
    name,
    "sep?, maxsplit??: index, /",
    (ctx, text: string, separator?: Value, maxSplit?: number) => {
      const limit = maxSplit ?? -1;
      if (separator === undefined || separator === null) {
        chargePieces(ctx, text, limit < 0 ? (text.length + 1) / 2 : Math.min(limit + 1, text.length / 2 + 1));
        return new StarlarkList(cutWords(text, limit));
      }
      if (typeof separator !== "string") {
        throw new EvaluationError(`${name}: got ${typeName(separator)} for separator, want string`);
      }
      if (separator === "") throw new EvaluationError(`${name}: empty separator`);
      if (limit < 0 && separator.length === 1 && text.length <= SHORT) {
        const pieces = splitAtCode(text, separator.charCodeAt(0));
        chargePieces(ctx, text, pieces.length);
        return new StarlarkList(pieces);
      }
      chargeCounting(ctx, text, separator);
      const pieces = countOccurrences(text, separator) + 1;
      chargePieces(ctx, text, limit < 0 ? pieces : Math.min(limit + 1, pieces));
      return new StarlarkList(cut(text, separator, limit));
    },
  );
}

/** So little text that its pieces can be made before they are charged. */
const SHORT = 256;

/** A piece is a small object that shares the characters. */
const PIECE_BYTES = 32;

function chargePieces(ctx: CallContext, text: string, pieces: number): void {
  ctx.charge(text.length / CHARACTERS_PER_STEP + pieces, 32 + pieces * PIECE_BYTES);
}

const splitlines = defineMethod(
  "splitlines",
  "keepends?: bool, /",
  (ctx, text: string, keepEnds?: boolean) => {
    ctx.charge(text.length / 8, 0);
    const lines = splitLines(text, keepEnds ?? false);
    ctx.charge(lines.length, 32 + lines.length * PIECE_BYTES);
    return new StarlarkList(lines);
  },
);

function partition(name: string, find: (text: string, part: string) => number, isRight: boolean): Builtin {
  return defineMethod(name, "sep: string, /", (ctx, text: string, separator: string) => {
    if (separator === "") throw new EvaluationError(`${name}: empty separator`);
    chargeReading(ctx, text);
    chargeSearch(text, separator, ctx.budget);
    ctx.charge(1, 128);
    const at = find(text, separator);
    if (at < 0) return new StarlarkTuple(isRight ? ["", "", text] : [text, "", ""]);
    return new StarlarkTuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
  });
}

const join = defineMethod("join", "iterable: iterable, /", (ctx, separator: string, iterable: Value) => {
  const items = collect(iterable, ctx.budget);
  let length = separator.length * Math.max(0, items.length - 1);
  for (const item of items) {
    if (typeof item !== "string") {
      throw new EvaluationError(`join: in list, want string, got ${typeName(item)}`);
    }
    length += item.length;
  }
  chargeCopy(ctx, length);
  requireLength(length);
  return items.join(separator);
});

const replace = defineMethod(
  "replace",
  "old: string, new: string, count?: index, /",
  (ctx, text: string, old: string, replacement: string, limit?: number) => {
    chargeCounting(ctx, text, old);
    const occurrences = countOccurrences(text, old);
    if (occurrences === 0) return text;
    const replaced = limit === undefined || limit < 0 ? occurrences : Math.min(limit, occurrences);
    const length = text.length + replaced * (replacement.length - old.length);
    ctx.charge(replaced + text.length / CHARACTERS_PER_STEP, 16 + length + replaced * PIECE_BYTES);
    requireLength(length);
    return replaceText(text, old, replacement, limit ?? -1);
  },
);

/** The longest string that V8 can hold. */
const MAX_LENGTH = (1 << 29) - 25;

function requireLength(length: number): void {
  if (length > MAX_LENGTH) throw new EvaluationError(`string too long: ${length} characters`);
}

// Views and formatting.

const format = defineMethod(
  "format",
  "*args, **kwargs",
  (ctx, template: string, args: Value[], kwargs: KeywordArgument[]) =>
    formatTemplate(template, args, kwargs, ctx.budget),
);

function view(name: string, make: (text: string) => Value): Builtin {
  return defineMethod(name, "", (ctx, text: string) => {
    ctx.charge(0, VIEW_BYTES);
    return make(text);
  });
}

const methods: readonly Builtin[] = [
  transform("capitalize", capitalize),
  view("codepoint_ords", (text) => new StringCodePoints(text, true)),
  view("codepoints", (text) => new StringCodePoints(text, false)),
  count,
  view("elem_ords", (text) => new StringElements(text, true)),
  view("elems", (text) => new StringElements(text, false)),
  affix("endswith", (text, suffix) => text.endsWith(suffix)),
  search("find", first, false),
  format,
  search("index", first, true),
  test("isalnum", isAlphanumeric),
  test("isalpha", isAlphabetic),
  test("isdigit", isDigits),
  test("islower", isLower),
  test("isspace", isBlank),
  test("istitle", isTitle),
  test("isupper", isUpper),
  join,
  transform("lower", toLower),
  strip("lstrip", true, false),
  partition("partition", first, false),
  removePrefix,
  removeSuffix,
  replace,
  search("rfind", last, false),
  search("rindex", last, true),
  partition("rpartition", last, true),
  split("rsplit", splitAtFromRight, splitWordsFromRight),
  strip("rstrip", false, true),
  split("split", splitAt, splitWords),
  splitlines,
  affix("startswith", (text, prefix) => text.startsWith(prefix)),
  strip("strip", true, true),
  transform("title", toTitle),
  transform("upper", toUpper),
];

export const stringMethods: MethodTable = new Map(methods.map((method) => [method.name, method]));
