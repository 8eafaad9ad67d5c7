// What is wrong with fields that nobody could fill in. No part of reading them, which every replay and every load of a
// program does: what was taken once stays as it is. Asked where a form, or a program, is new.
import type { FormField } from "../../protocol/form.ts";
import { mostOfType } from "./check-values.ts";

/** The first field whose `min` is more than its values come to, in a sentence; undefined when there is none. */
export function unfillable(fields: readonly FormField[]): string | undefined {
  for (const field of fields) {
    const { name, min, max } = field;
    for (const most of [max, mostOfType(field)]) {
      if (min !== undefined && most !== undefined && min > most) {
        return `field ${name}: min is ${min}, and nothing is more than ${most}`;
      }
    }
  }
  return undefined;
}
