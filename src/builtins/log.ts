import { z } from "zod";
import { checkInputs, type LocalBuiltin } from "./builtin.ts";

const inputsSchema = z.strictObject({
  message: z.string().max(16_384),
  level: z.enum(["debug", "info", "warning", "error"]).default("info"),
});

/** `builtin://log`: a line in the run's log. Inputs `message`, `level` (info); no outputs. */
export const log: LocalBuiltin = {
  kind: "local",
  perform(call) {
    const inputs = checkInputs("log", inputsSchema, call.inputs);
    if ("outcome" in inputs) return inputs;
    const { level, message } = inputs.value;
    return { outcome: { ok: {} }, log: [level === "info" ? message : `${level}: ${message}`] };
  },
};
