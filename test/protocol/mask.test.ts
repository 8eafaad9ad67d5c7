import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MASK, Mask, spellingsOf } from "../../src/protocol/mask.ts";

const secret = fc.string({ unit: "grapheme", minLength: 4, maxLength: 12 });

describe("the mask", () => {
  it("leaves no spelling of any secret in any text", () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(undefined)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        texts,
        fc.nat(),
        (secrets, parts, pick) => {
          const mask = new Mask();
          for (const one of secrets) mask.add(one);
          const spellings = secrets.flatMap(spellingsOf);
          const text = parts
            .map((part, at) => part ?? spellings[(pick + at) % spellings.length] ?? "")
            .join("");
          const masked = mask.text(text);
          // What stands around two masked parts may spell a secret anew only with the mask in it.
          for (const spelling of spellings) expect(masked.split(MASK).join("\0")).not.toContain(spelling);
        },
      ),
    );
  });

  /** What a look at every place for every spelling hides: parts that overlap are one. */
  const maskedByLook = (text: string, spellings: readonly string[]) => {
    const parts = spellings.flatMap((spelling) =>
      [...text].flatMap((_, start) =>
        text.startsWith(spelling, start) ? [{ start, end: start + spelling.length }] : [],
      ),
    );
    let masked = "";
    let at = 0;
    for (const { start, end } of parts.sort((a, b) => a.start - b.start || b.end - a.end)) {
      if (start >= at) masked += text.slice(at, start) + MASK;
      at = Math.max(at, end);
    }
    return masked + text.slice(at);
  };
  // Of few letters, so that they overlap, themselves too.
  const narrow = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 4, maxLength: 9 });

  it("hides all of every secret, also where one overlaps another, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(narrow, { minLength: 1, maxLength: 6 }),
        fc.array(fc.oneof(narrow, fc.constantFrom("a", "ab", "-", "aaaaaaa")), { maxLength: 12 }),
        fc.array(fc.nat(60), { maxLength: 3 }),
        (secrets, parts, cuts) => {
          const mask = new Mask();
          for (const one of secrets) mask.add(one);
          const text = parts.join("");
          const expected = maskedByLook(text, secrets.flatMap(spellingsOf));
          expect(mask.text(text)).toBe(expected);
          const borders = [0, ...cuts.sort((a, b) => a - b), text.length];
          const pieces = borders.map((border, at) => text.slice(border, borders[at + 1] ?? border));
          // A secret across a border shows a mask in each piece.
          const shown = mask.pieces(pieces).map((piece) => piece.replaceAll(MASK, ""));
          expect(shown.join("")).toBe(expected.replaceAll(MASK, ""));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("hides the tail of the second of two secrets that overlap", () => {
    const mask = new Mask();
    for (const one of ["alpha-beta", "beta-gamma"]) mask.add(one);
    expect(mask.text("is alpha-beta-gamma, alpha-betabeta-gamma")).toBe(`is ${MASK}, ${MASK}${MASK}`);
  });

  it("looks as far as the longest secret reaches, where one begins right after another", () => {
    // So long that they are looked for in equal parts, and in no other spelling.
    const long = Array.from({ length: 20_001 }, (_, at) => String.fromCharCode(0x4e00 + at)).join("");
    const mask = new Mask();
    mask.add(long.slice(0, 20_000));
    mask.add(long.slice(1));
    expect(mask.text(`x${long.slice(0, mask.longest + 1)}y`)).toBe(`x${MASK}y`);
  });

  it("takes a text that repeats itself as it takes any other", () => {
    const mask = new Mask();
    for (const one of ["a".repeat(4096), `${"ab".repeat(2000)}c`, "aaaaa"]) mask.add(one);
    expect(mask.text(`x${"a".repeat(300_000)}y`)).toBe(`x${MASK}y`);
    expect(mask.text(`${"ab".repeat(20_000)}c`)).toBe(`${"ab".repeat(18_000)}${MASK}`);
  });

  it("masks the longest secret that begins somewhere, and a secret that contains another whole", () => {
    const mask = new Mask();
    for (const one of ["token", "token-long", "long"]) mask.add(one);
    expect(mask.text("a token-long, a token, so long")).toBe(`a ${MASK}, a ${MASK}, so ${MASK}`);
  });

  it("leaves short texts alone, and other numbers than those that are secret", () => {
    const mask = new Mask();
    mask.add({ a: "abc", b: 123, c: [4567, true, null] });
    expect(mask.value({ x: "abc", n: [123, 4567, 14567], at: "port 4567", "4567": 1 })).toEqual({
      x: "abc",
      n: [123, MASK, 14567],
      at: `port ${MASK}`,
      [MASK]: 1,
    });
  });

  it("leaves no part of four or more units of a secret before a cut, wherever a text is cut", () => {
    const parts = fc.array(fc.oneof(fc.string(), fc.constant(undefined)), { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        parts,
        fc.nat(),
        fc.nat(),
        (secrets, texts, pick, cut) => {
          const mask = new Mask();
          for (const one of secrets) mask.add(one);
          const spellings = secrets.flatMap(spellingsOf);
          const whole = texts
            .map((part, at) => part ?? spellings[(pick + at) % spellings.length] ?? "")
            .join("");
          const masked = mask.text(`${whole.slice(0, cut % (whole.length + 1))}… (and more)`);
          const shown = masked.slice(0, masked.lastIndexOf("…"));
          for (const spelling of spellings) {
            for (let length = 4; length <= spelling.length; length += 1)
              expect(shown.endsWith(spelling.slice(0, length))).toBe(false);
          }
        },
      ),
    );
  });

  it("masks what was cut of the longer of two secrets that begin alike, and nothing where nothing was cut", () => {
    const mask = new Mask();
    for (const one of ["token", "token-long", "tok… is odd"]) mask.add(one);
    expect(mask.text("token-lo… and token… and tok…, toke… or tok… is odd")).toBe(
      `${MASK}… and ${MASK}… and tok…, ${MASK}… or ${MASK}`,
    );
    expect(mask.text("toke and toke")).toBe("toke and toke");
  });

  it("takes time for the text, and not for the number of secrets", () => {
    const mask = new Mask();
    for (let n = 0; n < 20_000; n += 1) mask.add(`secret-${n}-${"x".repeat(n % 7)}`);
    const text = "secret secret-1 ".repeat(20_000);
    // The work is bounded by the text and by how many lengths the secrets have: here seven times as many places.
    expect(mask.text(text)).toBe(text);
  });
});
