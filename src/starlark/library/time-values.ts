/** The values of the module `time`: durations, and instants with a zone. */
import type { Budget } from "../budget.ts";
import { EvaluationError } from "../errors.ts";
import { defineMethod } from "../value/define.ts";
import { StarlarkFloat } from "../value/float.ts";
import { type BinaryOperator, HostObject } from "../value/host-object.ts";
import { isInt, normalise } from "../value/int.ts";
import { typeName, type Value } from "../value/value.ts";
import { formatDuration } from "./duration-text.ts";
import { formatTime } from "./time-layout.ts";
import { localTime, requireZone, type TimeZone } from "./time-zone.ts";

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** A time may be this many seconds from the epoch, some 290,000 years. */
const MAX_SECONDS = 8_640_000_000_000n;

/** Midnight, January 1 of the year 1 (UTC). */
const ZERO_TIME = -62_135_596_800_000_000_000n;

/** Arithmetic on bigints. */
const OPERATION_STEPS = 5;

/** A span of time, in nanoseconds of 64 bits. */
export class Duration extends HostObject {
  readonly nanoseconds: bigint;

  /** Throws when it does not fit 64 bits. */
  constructor(nanoseconds: bigint) {
    super();
    if (nanoseconds < LEAST || nanoseconds > MOST) {
      throw new EvaluationError(`duration out of range: ${nanoseconds} nanoseconds do not fit 64 bits`);
    }
    this.nanoseconds = nanoseconds;
  }

  override get type(): string {
    return "time.duration";
  }

  override truth(): boolean {
    return this.nanoseconds !== 0n;
  }

  override repr(_format: (value: Value) => string, budget: Budget): string {
    budget.charge(20, 64);
    return formatDuration(this.nanoseconds);
  }

  override content(): Value {
    return normalise(this.nanoseconds);
  }

  override get ordered(): boolean {
    return true;
  }

  override attributeNames(): string[] {
    return ["hours", "microseconds", "milliseconds", "minutes", "nanoseconds", "seconds"];
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "hours":
        return new StarlarkFloat(Number(this.nanoseconds) / 3.6e12);
      case "minutes":
        return new StarlarkFloat(Number(this.nanoseconds) / 6e10);
      case "seconds":
        return new StarlarkFloat(Number(this.nanoseconds) / 1e9);
      case "milliseconds":
        return normalise(this.nanoseconds / 1_000_000n);
      case "microseconds":
        return normalise(this.nanoseconds / 1_000n);
      case "nanoseconds":
        return normalise(this.nanoseconds);
      default:
        return undefined;
    }
  }

  override binary(
    operator: BinaryOperator,
    other: Value,
    reflected: boolean,
    budget: Budget,
  ): Value | undefined {
    budget.charge(OPERATION_STEPS, 128);
    if (other instanceof Duration) return this.withDuration(operator, other);
    if (operator === "+" && other instanceof Instant) return other.plus(this.nanoseconds);
    if (operator === "*" && isInt(other)) return new Duration(this.nanoseconds * BigInt(other));
    if (operator !== "/") return undefined;
    if (reflected) throw new EvaluationError(`unsupported operation: ${typeName(other)} / ${this.type}`);
    if (isInt(other)) return new Duration(this.nanoseconds / nonZero(BigInt(other)));
    if (!(other instanceof StarlarkFloat)) return undefined;
    if (other.value === 0) throw divisionByZero();
    const quotient = Math.trunc(Number(this.nanoseconds) / other.value);
    if (!Number.isFinite(quotient)) throw new EvaluationError("duration out of range: not a finite number");
    return new Duration(BigInt(quotient));
  }

  private withDuration(operator: BinaryOperator, other: Duration): Value | undefined {
    switch (operator) {
      case "+":
        return new Duration(this.nanoseconds + other.nanoseconds);
      case "-":
        return new Duration(this.nanoseconds - other.nanoseconds);
      case "/":
        return new StarlarkFloat(Number(this.nanoseconds) / Number(nonZero(other.nanoseconds)));
      case "//":
        return normalise(this.nanoseconds / nonZero(other.nanoseconds));
      default:
        return undefined;
    }
  }
}

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw divisionByZero();
  return divisor;
}

function divisionByZero(): EvaluationError {
  return new EvaluationError("time.duration division by zero");
}

/** A point in time, in nanoseconds since the epoch, and the zone it is shown in. */
export class Instant extends HostObject {
  readonly nanoseconds: bigint;
  readonly zone: TimeZone;

  /** Throws when it is too far from the epoch. */
  constructor(nanoseconds: bigint, zone: TimeZone) {
    super();
    const limit = MAX_SECONDS * 1_000_000_000n;
    if (nanoseconds < -limit || nanoseconds > limit) {
      throw new EvaluationError("time out of range: more than 100,000,000 days from 1970");
    }
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }

  override get type(): string {
    return "time.time";
  }

  /** False for the first instant of the year 1, which stands for "no time" in starlark-go. */
  override truth(): boolean {
    return this.nanoseconds !== ZERO_TIME;
  }

  override repr(_format: (value: Value) => string, budget: Budget): string {
    return this.format("2006-01-02 15:04:05.999999999 -0700 MST", budget);
  }

  /** The text by a layout, charged for. */
  format(layout: string, budget: Budget): string {
    const questions = 1 + (layout.match(/07|MST/g)?.length ?? 0);
    // The longest element, nine letters, stands for two characters at least.
    budget.charge(20 + layout.length * 8 + questions * this.zone.steps, 16 + layout.length * 8);
    return formatTime(this.nanoseconds, this.zone, layout);
  }

  /** Zones do not count: the same instant is equal wherever it is shown. */
  override content(): Value {
    return normalise(this.nanoseconds);
  }

  override get ordered(): boolean {
    return true;
  }

  override attributeNames(): string[] {
    return [
      "day",
      "format",
      "hour",
      "in_location",
      "minute",
      "month",
      "nanosecond",
      "second",
      "unix",
      "unix_nano",
      "year",
    ];
  }

  override attribute(name: string, budget?: Budget): Value | undefined {
    switch (name) {
      case "year":
      case "month":
      case "day":
      case "hour":
      case "minute":
      case "second":
        budget?.charge(10 + this.zone.steps, 0);
        return localTime(this.seconds, this.zone)[name];
      case "nanosecond":
        return Number(this.nanoseconds - BigInt(this.seconds) * 1_000_000_000n);
      case "unix":
        return this.seconds;
      case "unix_nano":
        return normalise(this.nanoseconds);
      case "format":
        return format.bind(this);
      case "in_location":
        return inLocation.bind(this);
      default:
        return undefined;
    }
  }

  override binary(
    operator: BinaryOperator,
    other: Value,
    reflected: boolean,
    budget: Budget,
  ): Value | undefined {
    budget.charge(OPERATION_STEPS, 128);
    if (other instanceof Duration) {
      if (operator === "+") return this.plus(other.nanoseconds);
      return operator === "-" && !reflected ? this.plus(-other.nanoseconds) : undefined;
    }
    if (operator !== "-" || !(other instanceof Instant)) return undefined;
    return new Duration(this.nanoseconds - other.nanoseconds);
  }

  plus(nanoseconds: bigint): Instant {
    return new Instant(this.nanoseconds + nanoseconds, this.zone);
  }

  /** Whole seconds since the epoch, rounded down. */
  private get seconds(): number {
    const whole = this.nanoseconds / 1_000_000_000n;
    return Number(whole * 1_000_000_000n > this.nanoseconds ? whole - 1n : whole);
  }
}

const format = defineMethod("format", "layout: string, /", (ctx, time: Instant, layout: string) => {
  return time.format(layout, ctx.budget);
});

const inLocation = defineMethod(
  "in_location",
  "location: string, /",
  (ctx, time: Instant, location: string) => {
    return new Instant(time.nanoseconds, requireZone(location, "in_location", ctx.budget));
  },
);
