/** Decodes the content of string and bytes literals. */

export interface DecodedLiteral {
  readonly value: string | Uint8Array;
  /** What is wrong, and where in the content it ends. */
  readonly error?: { readonly message: string; readonly end: number };
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

class EscapeError extends Error {}

/** Decodes what is between the quotes; `prefix` is ``, `r`, `b` or `rb`. */
export function decodeLiteral(content: string, prefix: string): DecodedLiteral {
  const isBytes = prefix.includes("b");
  const text = content.includes("\r") ? content.replace(/\r\n?/g, "\n") : content;
  if (prefix.includes("r") || !text.includes("\\")) {
    return { value: isBytes ? new TextEncoder().encode(text) : text };
  }
  const decoder = new Decoder(text, isBytes);
  try {
    return { value: decoder.decode() };
  } catch (error) {
    if (!(error instanceof EscapeError)) throw error;
    return { value: isBytes ? new Uint8Array() : "", error: { message: error.message, end: decoder.at } };
  }
}

class Decoder {
  at = 0;
  private readonly text: string;
  private readonly isBytes: boolean;
  private decoded = "";
  private readonly bytes: number[] = [];

  constructor(text: string, isBytes: boolean) {
    this.text = text;
    this.isBytes = isBytes;
  }

  decode(): string | Uint8Array {
    while (this.at < this.text.length) {
      const next = this.text.indexOf("\\", this.at);
      this.addText(this.text.slice(this.at, next < 0 ? undefined : next));
      if (next < 0) break;
      this.at = next + 2;
      this.decodeEscape(this.text[next + 1] ?? "");
    }
    return this.isBytes ? Uint8Array.from(this.bytes) : this.decoded;
  }

  private addText(text: string): void {
    if (!this.isBytes) this.decoded += text;
    else for (const byte of new TextEncoder().encode(text)) this.bytes.push(byte);
  }

  private addByte(byte: number): void {
    if (this.isBytes) this.bytes.push(byte);
    else this.decoded += String.fromCharCode(byte);
  }

  private decodeEscape(letter: string): void {
    const simple = SIMPLE_ESCAPES[letter];
    if (simple !== undefined) this.addText(simple);
    else if (letter >= "0" && letter <= "7") this.decodeOctal();
    else if (letter === "x") this.decodeHex();
    else if (letter === "u") this.decodeCodePoint(4);
    else if (letter === "U") this.decodeCodePoint(8);
    else if (letter !== "\n") throw new EscapeError(`invalid escape sequence \\${letter}`);
  }

  private decodeOctal(): void {
    let digits = this.text[this.at - 1] ?? "";
    while (digits.length < 3 && /[0-7]/.test(this.text[this.at] ?? "")) digits += this.text[this.at++];
    const value = Number.parseInt(digits, 8);
    if (!this.isBytes && value > 127) throw nonAscii("octal", `\\${digits}`, value);
    if (value > 255) throw new EscapeError(`invalid escape sequence \\${digits}`);
    this.addByte(value);
  }

  private decodeHex(): void {
    const digits = this.hexDigits(2);
    const value = Number.parseInt(digits, 16);
    if (!this.isBytes && value > 127) throw nonAscii("hex", `\\x${digits}`, value);
    this.addByte(value);
  }

  private decodeCodePoint(length: number): void {
    const digits = this.hexDigits(length);
    const value = Number.parseInt(digits, 16);
    const hex = value.toString(16).toUpperCase().padStart(4, "0");
    if (value > 0x10ffff) {
      throw new EscapeError(`code point out of range: \\U${digits} (max \\U0010ffff)`);
    }
    if (value >= 0xd800 && value < 0xe000) throw new EscapeError(`invalid Unicode code point U+${hex}`);
    this.addText(String.fromCodePoint(value));
  }

  private hexDigits(length: number): string {
    const digits = this.text.slice(this.at, this.at + length);
    const shown = `\\${this.text[this.at - 1]}${digits}`;
    if (digits.length < length) throw new EscapeError(`truncated escape sequence ${shown}`);
    if (!/^[0-9a-fA-F]+$/.test(digits)) throw new EscapeError(`invalid escape sequence ${shown}`);
    this.at += length;
    return digits;
  }
}

function nonAscii(kind: string, escape_: string, value: number): EscapeError {
  const hex = value.toString(16).toUpperCase().padStart(4, "0");
  return new EscapeError(
    `non-ASCII ${kind} escape ${escape_} (use \\u${hex} for the UTF-8 encoding of U+${hex})`,
  );
}
