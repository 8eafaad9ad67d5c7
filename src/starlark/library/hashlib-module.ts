/** The module `hashlib`: `hashlib.sha256(data).hexdigest()`, likewise `md5` and `sha1`. */

import { md5, sha1, sha256 } from "../digests.ts";
import { BYTES_BYTES, StarlarkBytes } from "../value/bytes.ts";
import { defineBuiltin, defineMethod } from "../value/define.ts";
import type { Builtin } from "../value/function.ts";
import { HostObject } from "../value/host-object.ts";
import { StarlarkModule } from "../value/struct.ts";
import type { Value } from "../value/value.ts";
import { octetsOf } from "./octets.ts";

/** The digest of some data. */
class Digest extends HostObject {
  readonly algorithm: string;
  readonly octets: Uint8Array;

  constructor(algorithm: string, octets: Uint8Array) {
    super();
    this.algorithm = algorithm;
    this.octets = octets;
  }

  override get type(): string {
    return "digest";
  }

  override repr(): string {
    return `<${this.algorithm} ${hexText(this.octets)}>`;
  }

  override attributeNames(): string[] {
    return ["digest", "hexdigest", "name"];
  }

  override attribute(name: string): Value | undefined {
    if (name === "name") return this.algorithm;
    if (name === "digest") return octets.bind(this);
    return name === "hexdigest" ? hexdigest.bind(this) : undefined;
  }
}

function hexText(data: Uint8Array): string {
  return Array.from(data, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** Text of up to 32 octets takes so many steps. */
const HEX_STEPS = 200;

const octets = defineMethod("digest", "", (ctx, digest: Digest) => {
  ctx.charge(0, BYTES_BYTES);
  return new StarlarkBytes(digest.octets);
});

const hexdigest = defineMethod("hexdigest", "", (ctx, digest: Digest) => {
  ctx.charge(HEX_STEPS, 64);
  return hexText(digest.octets);
});

function hashing(algorithm: string, compute: (data: Uint8Array) => Uint8Array): Builtin {
  return defineBuiltin(
    `hashlib.${algorithm}`,
    "data: string|bytes, /",
    (ctx, data: string | StarlarkBytes) => {
      const input = octetsOf(ctx, data);
      // About 10 ns per byte, and a few blocks at least.
      ctx.charge(100 + input.length, 256);
      return new Digest(algorithm, compute(input));
    },
  );
}

export const hashlibModule = new StarlarkModule("hashlib", {
  md5: hashing("md5", md5),
  sha1: hashing("sha1", sha1),
  sha256: hashing("sha256", sha256),
});
