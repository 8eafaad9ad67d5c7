// Values for fields that a workflow declares, as people type them.
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import pc from "picocolors";
import type { FormField, FormValues } from "../src/protocol/form.ts";
import type { JsonValue } from "../src/protocol/json.ts";
import { faultOf } from "../src/workflow/forms/check-values.ts";
import { splitPair } from "./command.ts";
import { usageError } from "./errors.ts";
import { printable } from "./output.ts";

/** What somebody typed for a field, as its type reads it; what cannot be read so is left for the server to refuse. */
export function typedValue(field: Pick<FormField, "type"> | undefined, text: string): JsonValue {
  switch (field?.type) {
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true" || text === "yes" ? true : text === "false" || text === "no" ? false : text;
    case "multi_choice":
      return text === "" ? [] : text.split(",").map((option) => option.trim());
    default:
      return text;
  }
}

/** A field in a line, as somebody reads it who is to fill it in. */
export function fieldLine({ name, type, label, required, options, default: preset }: FormField): string {
  const notes = [
    type,
    required ? "required" : "",
    options ? options.join(" | ") : "",
    preset === undefined ? "" : `default ${JSON.stringify(preset)}`,
  ].filter((note) => note !== "");
  return `  ${pc.bold(name)}  ${pc.dim(printable(notes.join(", ")))}${label ? `  ${printable(label)}` : ""}`;
}

/** The values of `name=value` options, as the fields read them. */
export function typedValues(fields: readonly FormField[], pairs: readonly string[]): FormValues {
  return Object.fromEntries(
    pairs.map(splitPair).map(([name, text]): [string, JsonValue] => {
      const field = fields.find((one) => one.name === name);
      return [name, typedValue(field, text)];
    }),
  );
}

/** The required fields that nothing was given for and that have no default: what somebody has to be asked. */
export function missingFields(fields: readonly FormField[], given: FormValues): FormField[] {
  return fields.filter(
    ({ name, required, default: preset }) =>
      required === true && preset === undefined && !Object.hasOwn(given, name),
  );
}

/** Where somebody can be asked: a terminal, or what a test types. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

/** Shows what is typed, unless it is a secret. */
class Echo extends Writable {
  isHidden = false;
  readonly #to: NodeJS.WritableStream;

  constructor(to: NodeJS.WritableStream) {
    super({ decodeStrings: false });
    this.#to = to;
  }

  override _write(text: string, _: BufferEncoding, done: () => void): void {
    if (!this.isHidden) this.#to.write(text);
    done();
  }
}

/**
 * Asks for each field until its value fits; a secret is not shown while it is typed. Throws a CliError when the input
 * ends before that.
 */
export async function askFor(fields: readonly FormField[], terminal: Terminal): Promise<FormValues> {
  const echo = new Echo(terminal.output);
  const isTerminal = "isTTY" in terminal.output && terminal.output.isTTY === true;
  // Without a history, from which a secret could be called back.
  const { input } = terminal;
  const lines = createInterface({ input, output: echo, terminal: isTerminal, historySize: 0 });
  const answers = lines[Symbol.asyncIterator]();
  try {
    const values: FormValues = {};
    for (const field of fields) {
      echo.isHidden = field.type === "secret";
      values[field.name] = await answerTo(field, answers, terminal.output);
    }
    return values;
  } finally {
    lines.close();
  }
}

async function answerTo(
  field: FormField,
  answers: AsyncIterator<string>,
  output: NodeJS.WritableStream,
): Promise<JsonValue> {
  output.write(`${fieldLine(field)}\n`);
  if (field.help !== undefined) output.write(`  ${pc.dim(printable(field.help))}\n`);
  for (;;) {
    output.write("  > ");
    const { value: text, done } = await answers.next();
    // The line's end was not shown either.
    if (field.type === "secret") output.write("\n");
    if (done) throw usageError(`nothing was given for ${field.name}`);
    const value = typedValue(field, text);
    const fault = text === "" ? "is required" : faultOf(field, value);
    if (fault === undefined) return value;
    output.write(`  ${pc.yellow(printable(fault))}\n`);
  }
}
