// The shape of func.yml (older: step.yml): GitLab's function format. Reading YAML is the reader's affair; this
// file says what its two documents may contain and checks values against declared types.
import { z } from "zod";
import type { JsonObject, JsonValue } from "./json.ts";
import { ok, type Result, refuse } from "./result.ts";

export const valueTypes = ["string", "number", "boolean", "array", "struct"] as const;
export type ValueType = (typeof valueTypes)[number];

const identifierPattern = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;
const identifier = z
  .string()
  .regex(identifierPattern, "letters, digits and underscores, not starting with a digit");

/** The JSON type a value has in the format's words; undefined for null. */
export function typeOf(value: JsonValue): ValueType | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return "struct";
  return typeof value as "string" | "number" | "boolean";
}

const declarationSchema = z
  .strictObject({
    type: z.enum(valueTypes).default("string"),
    default: z.json().optional(),
    sensitive: z.boolean().default(false),
    description: z.string().optional(),
  })
  .refine((it) => it.default === undefined || typeOf(it.default) === it.type, {
    error: (issue) => {
      const { type } = issue.input as { type?: string };
      return `the default is not of type ${type ?? "string"}`;
    },
    path: ["default"],
  });
export type Declaration = z.infer<typeof declarationSchema>;

/** Output lines with these names are messages to the runner, so no output can be called so. */
export const reservedOutputNames = ["error", "progress"] as const;

const outputName = identifier.refine(
  (name) => !(reservedOutputNames as readonly string[]).includes(name),
  "an output cannot be called so: the name is reserved for messages to the runner",
);

// `inputs:` with nothing behind it is YAML for null.
const nullable = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value ?? undefined, schema);

export const functionSpecSchema = z.strictObject({
  spec: nullable(
    z
      .strictObject({
        inputs: nullable(z.record(identifier, nullable(declarationSchema.prefault({}))).default({})),
        outputs: nullable(
          z
            .union([z.literal("delegate"), z.record(outputName, nullable(declarationSchema.prefault({})))])
            .default({}),
        ),
        description: z.string().optional(),
      })
      .prefault({}),
  ),
});
export type FunctionSpec = z.infer<typeof functionSpecSchema>["spec"];

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const environmentSchema = nullable(z.record(identifier, scalar).default({}));

const referenceSchema = z.union([
  z.string().min(1),
  z.strictObject({
    git: z.strictObject({
      url: z.string(),
      rev: z.string(),
      dir: z.string().optional(),
      file: z.string().optional(),
    }),
  }),
  z.strictObject({
    oci: z.strictObject({
      registry: z.string(),
      repository: z.string(),
      tag: z.string(),
      dir: z.string().optional(),
      file: z.string().optional(),
    }),
  }),
]);

const stepSchema = z
  .strictObject({
    name: identifier,
    func: referenceSchema.optional(),
    /** The older name of `func`. */
    step: referenceSchema.optional(),
    script: z.string().optional(),
    inputs: nullable(z.record(identifier, z.json()).default({})),
    env: environmentSchema,
  })
  .refine((it) => [it.func, it.step, it.script].filter((way) => way !== undefined).length === 1, {
    error: "a step has exactly one of func, step and script",
  });
export type StepDefinition = z.infer<typeof stepSchema>;

export const functionDefinitionSchema = z
  .strictObject({
    env: environmentSchema,
    exec: z.strictObject({ command: z.array(scalar).min(1), work_dir: z.string().optional() }).optional(),
    script: z.string().optional(),
    run: z.array(stepSchema).min(1).optional(),
    /** The older name of `run`. */
    steps: z.array(stepSchema).min(1).optional(),
    outputs: nullable(z.record(identifier, z.json()).default({})),
    delegate: identifier.optional(),
  })
  .refine(
    (it) => [it.exec, it.script, it.run, it.steps].filter((way) => way !== undefined).length === 1,
    "a function has exactly one of exec, script and run",
  )
  .superRefine((it, context) => {
    const steps = it.run ?? it.steps;
    const names = new Set<string>();
    for (const [index, step] of (steps ?? []).entries()) {
      if (names.has(step.name)) {
        context.addIssue({
          code: "custom",
          path: ["run", index, "name"],
          message: `two steps are called ${step.name}`,
        });
      }
      names.add(step.name);
    }
    if (it.delegate !== undefined && !names.has(it.delegate)) {
      context.addIssue({
        code: "custom",
        path: ["delegate"],
        message: `delegates to ${it.delegate}, and no step is called so`,
      });
    }
    if (!steps && Object.keys(it.outputs).length > 0) {
      context.addIssue({
        code: "custom",
        path: ["outputs"],
        message: "only a run list maps outputs; a command writes them to output_file",
      });
    }
  });
export type FunctionDefinition = z.infer<typeof functionDefinitionSchema>;

/** What a name must be told to be: for messages. */
function wrongType(what: string, name: string, declared: ValueType, value: JsonValue): string {
  return `${what} "${name}" must be a ${declared}, and is ${typeOf(value) ?? "null"}`;
}

function bind(
  what: "input" | "output",
  code: string,
  declared: Record<string, Declaration>,
  given: JsonObject,
): Result<JsonObject> {
  const problems: string[] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) {
      const known = Object.keys(declared).join(", ") || "none";
      problems.push(`there is no ${what} "${name}" (declared: ${known})`);
    }
  }
  const bound: JsonObject = {};
  for (const [name, declaration] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : declaration.default;
    if (value === undefined) problems.push(`the ${what} "${name}" is missing`);
    else if (typeOf(value) !== declaration.type) {
      problems.push(wrongType(`the ${what}`, name, declaration.type, value));
    } else bound[name] = value;
  }
  return problems.length === 0 ? ok(bound) : refuse(code, problems.join("; "));
}

/** Inputs with their defaults filled in. Refuses `InvalidInputs` with everything that is missing, unknown or wrong. */
export function bindInputs(declared: Record<string, Declaration>, given: JsonObject): Result<JsonObject> {
  return bind("input", "InvalidInputs", declared, given);
}

/** Outputs with their defaults filled in. Refuses `InvalidOutputs` likewise. */
export function bindOutputs(declared: Record<string, Declaration>, given: JsonObject): Result<JsonObject> {
  return bind("output", "InvalidOutputs", declared, given);
}
