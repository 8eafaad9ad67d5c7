// The library modules, for people: what each is for and what its members do.
import type { FunctionEntry } from "./entry.ts";

export interface ModuleEntry {
  summary: string;
  functions: Readonly<Record<string, FunctionEntry>>;
  /** Members that are no functions: what they are. */
  constants?: Readonly<Record<string, string>>;
}

/** A function of one number, or two, that is nothing but its result. */
function numeric(summary: string, ...parameters: string[]): FunctionEntry {
  const names = parameters.length === 0 ? ["x"] : parameters;
  return {
    summary,
    parameters: Object.fromEntries(names.map((name) => [name, "An int or a float."])),
    returns: "A float.",
    isPure: true,
  };
}

function digest(algorithm: string): FunctionEntry {
  return {
    summary: `The ${algorithm} digest of text or bytes.`,
    parameters: { data: "Text counts as its UTF-8 encoding." },
    returns: "The digest in lower-case hexadecimal.",
    isPure: true,
  };
}

export const moduleEntries: Readonly<Record<string, ModuleEntry>> = {
  json: {
    summary: "JSON texts.",
    functions: {
      encode: {
        summary: "Writes a value as JSON, keys sorted.",
        parameters: { x: "None, bool, int, float, string, list, tuple, dict with string keys, or struct." },
        returns: "The JSON text.",
        isPure: true,
      },
      decode: {
        summary: "Reads a JSON text.",
        parameters: {
          x: "The text.",
          default: "What to return when it is no JSON; an error where it is left out.",
        },
        returns: "The value.",
        isPure: true,
      },
      indent: {
        summary: "Lays a JSON text out over lines.",
        parameters: {
          x: "The text.",
          prefix: { doc: "What every line but the first begins with.", default: '""' },
          indent: { doc: "What every level is indented by.", default: '"\\t"' },
        },
        returns: "The JSON text.",
        isPure: true,
      },
      encode_indent: {
        summary: "Writes a value as JSON, laid out over lines.",
        parameters: {
          x: "As for `json.encode`.",
          prefix: { doc: "What every line but the first begins with.", default: '""' },
          indent: { doc: "What every level is indented by.", default: '"\\t"' },
        },
        returns: "The JSON text.",
        isPure: true,
      },
    },
  },
  math: {
    summary: "Functions of numbers. Angles are in radians.",
    functions: {
      ceil: { ...numeric("The least integer that is not less."), returns: "An int." },
      floor: { ...numeric("The greatest integer that is not greater."), returns: "An int." },
      round: numeric("The nearest integer, halves away from zero."),
      fabs: numeric("The absolute value."),
      copysign: numeric("The first number with the sign of the second.", "x", "y"),
      mod: numeric("The remainder of x / y, with the sign of x.", "x", "y"),
      remainder: numeric("The remainder of x / y by the nearest quotient (IEEE 754).", "x", "y"),
      pow: numeric("The power x to the y.", "x", "y"),
      sqrt: numeric("The square root."),
      exp: numeric("The power of e."),
      log: {
        ...numeric("The logarithm."),
        parameters: { x: "An int or a float.", base: { doc: "Its base.", default: "math.e" } },
      },
      hypot: numeric("The length of the vector (x, y).", "x", "y"),
      degrees: numeric("From radians to degrees."),
      radians: numeric("From degrees to radians."),
      gamma: numeric("The gamma function."),
      sin: numeric("Sine."),
      cos: numeric("Cosine."),
      tan: numeric("Tangent."),
      asin: numeric("Inverse sine."),
      acos: numeric("Inverse cosine."),
      atan: numeric("Inverse tangent."),
      atan2: numeric("The angle of the point (y, x).", "x", "y"),
      sinh: numeric("Hyperbolic sine."),
      cosh: numeric("Hyperbolic cosine."),
      tanh: numeric("Hyperbolic tangent."),
      asinh: numeric("Inverse hyperbolic sine."),
      acosh: numeric("Inverse hyperbolic cosine."),
      atanh: numeric("Inverse hyperbolic tangent."),
    },
    constants: { e: "Euler's number.", pi: "The ratio of a circle's circumference to its diameter." },
  },
  time: {
    summary: "Instants and lengths of time. There is no clock in it: `w.now()` tells the time.",
    functions: {
      time: {
        summary: "An instant, from its parts.",
        parameters: {
          ...Object.fromEntries(
            ["year", "month", "day", "hour", "minute", "second", "nanosecond"].map((unit) => [
              unit,
              `The ${unit}.`,
            ]),
          ),
          location: { doc: "A zone of the IANA database.", default: '"UTC"' },
        },
        returns: "A `time.time`.",
        isPure: true,
      },
      from_timestamp: {
        summary: "An instant, from seconds since 1970.",
        parameters: { sec: "Seconds.", nsec: { doc: "Nanoseconds on top.", default: "0" } },
        returns: "A `time.time`.",
        isPure: true,
      },
      parse_time: {
        summary: "Reads an instant.",
        parameters: {
          x: "The text.",
          format: { doc: "A layout in the manner of Go.", default: "RFC 3339" },
          location: { doc: "The zone where the text names none.", default: '"UTC"' },
        },
        returns: "A `time.time`.",
        isPure: true,
      },
      parse_duration: {
        summary: "Reads a length of time.",
        parameters: { d: 'A text such as `"1h30m"`, or a `time.duration`.' },
        returns: "A `time.duration`.",
        isPure: true,
      },
      is_valid_timezone: {
        summary: "Whether there is a zone of that name.",
        parameters: { loc: "The name, such as `Europe/Berlin`." },
        returns: "A bool.",
        isPure: true,
      },
    },
    constants: {
      hour: "One hour, a `time.duration`.",
      minute: "One minute.",
      second: "One second.",
      millisecond: "One millisecond.",
      microsecond: "One microsecond.",
      nanosecond: "One nanosecond.",
    },
  },
  base64: {
    summary: "Base64 texts (RFC 4648).",
    functions: {
      encode: {
        summary: "Writes text or bytes as Base64.",
        parameters: {
          data: "Text counts as its UTF-8 encoding.",
          url: { doc: "The alphabet for URLs and file names.", default: "False" },
        },
        returns: "The Base64 text.",
        isPure: true,
      },
      decode: {
        summary: "Reads Base64.",
        parameters: {
          text: "The Base64 text.",
          url: { doc: "The alphabet for URLs and file names.", default: "False" },
        },
        returns: "Bytes.",
        isPure: true,
      },
    },
  },
  hashlib: {
    summary: "Digests. MD5 and SHA-1 are for old formats, not for security.",
    functions: { md5: digest("MD5"), sha1: digest("SHA-1"), sha256: digest("SHA-256") },
  },
};

/** Library functions that are predeclared by themselves. */
export const libraryEntries: Readonly<Record<string, FunctionEntry>> = {
  struct: {
    summary: "Makes a value with the given fields.",
    parameters: { "**kwargs": "The fields." },
    returns: "A struct; two are equal when their fields are.",
    isPure: true,
  },
};
