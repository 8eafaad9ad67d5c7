/** What a program gets of an error that it has caught. */
import { StarlarkError } from "../errors.ts";
import { StarlarkStruct } from "./struct.ts";
import type { Value } from "./value.ts";

/** `error(code, message, details)`; `fail(error)` raises it again as what it was. */
export class CaughtError extends StarlarkStruct {
  readonly #code: string;
  readonly #message: string;
  readonly #details: unknown;
  readonly #origin: unknown;

  /** `details`: what the program sees of the error's. */
  constructor({ code, message, details: kept, origin }: StarlarkError, details: Value) {
    super(Object.entries({ code, message, details }), "error");
    this.#code = code;
    this.#message = message;
    this.#details = kept;
    this.#origin = origin;
  }

  /**
   * Another error each time, with the traceback of where it is raised: a kept one would be as large as its calls are
   * deep.
   */
  raisedAgain(): StarlarkError {
    const options = { code: this.#code, details: this.#details, origin: this.#origin };
    return new StarlarkError(this.#message, options);
  }
}
