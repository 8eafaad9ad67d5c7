/**
 * MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4), written here because the platform's are
 * asynchronous and builtins are not. For names and checks of contents, not for secrets.
 */

/** The 16 words of a block, and the state it changes. */
type Compress = (state: Uint32Array, block: Uint32Array) => void;

const BLOCK_BYTES = 64;

/** Runs a compression function over padded data: its length in bits ends the last block. */
function digest(
  data: Uint8Array,
  initial: readonly number[],
  compress: Compress,
  littleEndian: boolean,
): Uint8Array {
  const state = Uint32Array.from(initial);
  const block = new Uint32Array(BLOCK_BYTES / 4);
  const padded = padding(data, littleEndian);
  const whole = data.length - (data.length % BLOCK_BYTES);
  for (let at = 0; at < whole; at += BLOCK_BYTES) {
    readBlock(data, at, block, littleEndian);
    compress(state, block);
  }
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    readBlock(padded, at, block, littleEndian);
    compress(state, block);
  }
  const result = new Uint8Array(state.length * 4);
  const view = new DataView(result.buffer);
  for (const [i, word] of state.entries()) view.setUint32(i * 4, word, littleEndian);
  return result;
}

/** What is left over behind the whole blocks, a one bit, zeros, and the length. */
function padding(data: Uint8Array, littleEndian: boolean): Uint8Array {
  const rest = data.subarray(data.length - (data.length % BLOCK_BYTES));
  const padded = new Uint8Array(rest.length < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  padded.set(rest);
  padded[rest.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(data.length) * 8n, littleEndian);
  return padded;
}

function readBlock(data: Uint8Array, at: number, block: Uint32Array, littleEndian: boolean): void {
  const view = new DataView(data.buffer, data.byteOffset + at, BLOCK_BYTES);
  for (let i = 0; i < block.length; i++) block[i] = view.getUint32(i * 4, littleEndian);
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}

// MD5.

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const;
/** The fractions of the sines of 1 to 64. */
const MD5_CONSTANTS = Uint32Array.from({ length: 64 }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);

function compressMd5(state: Uint32Array, block: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const mixed =
      round === 0
        ? (b & c) | (~b & d)
        : round === 1
          ? (d & b) | (~d & c)
          : round === 2
            ? b ^ c ^ d
            : c ^ (b | ~d);
    const index = (round === 0 ? i : round === 1 ? 5 * i + 1 : round === 2 ? 3 * i + 5 : 7 * i) % 16;
    const sum = (a + mixed + (MD5_CONSTANTS[i] ?? 0) + (block[index] ?? 0)) | 0;
    const next = (b + rotateLeft(sum, MD5_SHIFTS[round * 4 + (i % 4)] ?? 0)) | 0;
    a = d;
    d = c;
    c = b;
    b = next;
  }
  addTo(state, [a, b, c, d]);
}

function addTo(state: Uint32Array, words: readonly number[]): void {
  for (const [i, word] of words.entries()) state[i] = (state[i] ?? 0) + word;
}

// SHA-1.

const SHA1_CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const;

function compressSha1(state: Uint32Array, block: Uint32Array): void {
  const words = new Uint32Array(80);
  words.set(block);
  for (let i = 16; i < 80; i++) {
    const mixed = (words[i - 3] ?? 0) ^ (words[i - 8] ?? 0) ^ (words[i - 14] ?? 0) ^ (words[i - 16] ?? 0);
    words[i] = rotateLeft(mixed, 1);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let i = 0; i < 80; i++) {
    const round = Math.floor(i / 20);
    const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const next = (rotateLeft(a, 5) + mixed + e + (SHA1_CONSTANTS[round] ?? 0) + (words[i] ?? 0)) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }
  addTo(state, [a, b, c, d, e]);
}

// SHA-256.

/** The first prime numbers. */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits of a root's fraction. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

const SHA256_CONSTANTS = Uint32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const SHA256_INITIAL = primes(8).map((prime) => fraction(Math.sqrt(prime)));

function rotateRight(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count));
}

function compressSha256(state: Uint32Array, block: Uint32Array): void {
  const words = new Uint32Array(64);
  words.set(block);
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15] ?? 0;
    const late = words[i - 2] ?? 0;
    const low = rotateRight(early, 7) ^ rotateRight(early, 18) ^ (early >>> 3);
    const high = rotateRight(late, 17) ^ rotateRight(late, 19) ^ (late >>> 10);
    words[i] = (words[i - 16] ?? 0) + low + (words[i - 7] ?? 0) + high;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  // One assignment after the other: not every compiler spares a swap by destructuring its arrays.
  for (let i = 0; i < 64; i++) {
    const high = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
    const first = (h + high + ((e & f) ^ (~e & g)) + (SHA256_CONSTANTS[i] ?? 0) + (words[i] ?? 0)) | 0;
    const low = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
    const second = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  addTo(state, [a, b, c, d, e, f, g, h]);
}

const MD5_INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

export function md5(data: Uint8Array): Uint8Array {
  return digest(data, MD5_INITIAL, compressMd5, true);
}

export function sha1(data: Uint8Array): Uint8Array {
  return digest(data, [...MD5_INITIAL, 0xc3d2e1f0], compressSha1, false);
}

export function sha256(data: Uint8Array): Uint8Array {
  return digest(data, SHA256_INITIAL, compressSha256, false);
}
