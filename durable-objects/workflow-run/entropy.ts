// Random bytes, drawn many at a time: a draw costs far more than the bytes.
const DRAWN_AT_ONCE = 4096;
const GIVEN = 16;

const drawn = new Uint8Array(DRAWN_AT_ONCE);
let used = DRAWN_AT_ONCE;

/** 16 random bytes that are given to nobody else. */
export function entropy(): Uint8Array {
  if (used + GIVEN > DRAWN_AT_ONCE) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  const given = drawn.slice(used, used + GIVEN);
  used += GIVEN;
  return given;
}
