// How these Functions hear and answer: inputs as JSON in the last argument, outputs as JSON lines.
import { appendFileSync } from "node:fs";

const [, , outputFile = "", inputsText = "{}"] = process.argv;

export const inputs = JSON.parse(inputsText);

/** The same for every attempt of one call of a workflow; empty when run by hand. */
export const idempotencyKey = process.env.SLUICE_IDEMPOTENCY_KEY ?? "";

function write(name, value) {
  if (outputFile === "") console.log(`${name} = ${JSON.stringify(value)}`);
  else appendFileSync(outputFile, `${JSON.stringify({ name, value })}\n`);
}

export function answer(outputs) {
  for (const [name, value] of Object.entries(outputs)) write(name, value);
}

export function progress(done, total, message) {
  write("progress", { done, total, message });
}

/** An error with a code of its own: `retryable` says whether another attempt may succeed. */
export class Failure extends Error {
  constructor(code, message, retryable = false) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** Runs a Function's body; a Failure is reported as such, any other error fails it with its message in the log. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failure ? `${error.code}: ${error.message}` : error);
    if (error instanceof Failure) {
      write("error", { code: error.code, message: error.message, retryable: error.retryable });
    }
    process.exitCode = 1;
  }
}
