// TypeScript types from an OpenAPI description, in the shape that openapi-fetch reads. (openapi-typescript builds on
// the compiler API that TypeScript 7 no longer has.)

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
  $ref?: string;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}
type Content = Record<string, { schema?: Schema }>;
interface Operation {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}
interface Description {
  paths: Record<string, Record<string, Operation>>;
}

const scalars: Record<string, string> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

function objectType(schema: Schema, isInput: boolean): string {
  const { properties = {}, required = [], additionalProperties: rest } = schema;
  const members = Object.entries(properties).map(([name, value]) => {
    // What has a default may be left out of what is sent.
    const isOptional = !required.includes(name) || (isInput && value.default !== undefined);
    return `${JSON.stringify(name)}${isOptional ? "?" : ""}: ${typeOf(value, isInput)}`;
  });
  if (members.length > 0) return `{ ${members.join("; ")} }`;
  if (rest === false) return "Record<string, never>";
  return `Record<string, ${typeof rest === "object" ? typeOf(rest, isInput) : "unknown"}>`;
}

function typeOf(schema: Schema | undefined, isInput: boolean): string {
  if (!schema || schema.$ref) return "unknown";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => `(${typeOf(choice, isInput)})`).join(" | ");
  if (schema.allOf) return schema.allOf.map((part) => `(${typeOf(part, isInput)})`).join(" & ");
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => `(${typeOf({ ...schema, type }, isInput)})`).join(" | ");
  }
  if (schema.type === "array") return `(${typeOf(schema.items, isInput)})[]`;
  if (schema.type === "object") return objectType(schema, isInput);
  return scalars[schema.type ?? ""] ?? "unknown";
}

function contentType(content: Content | undefined, isInput: boolean): string {
  const entries = Object.entries(content ?? {}).map(
    ([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema, isInput)}`,
  );
  return entries.length > 0 ? `content: { ${entries.join("; ")} }` : "content?: never";
}

function parametersType(parameters: Parameter[], place: string): string {
  const found = parameters.filter((parameter) => parameter.in === place);
  if (found.length === 0) return `${place}?: never`;
  const isOptional = found.every(({ required }) => !required);
  const members = found.map(
    ({ name, required, schema }) =>
      `${JSON.stringify(name)}${required && schema?.default === undefined ? "" : "?"}: ${typeOf(schema, true)}`,
  );
  return `${place}${isOptional ? "?" : ""}: { ${members.join("; ")} }`;
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const places = ["query", "path", "header", "cookie"].map((place) => parametersType(parameters, place));
  const body = requestBody
    ? `requestBody${requestBody.required ? "" : "?"}: { ${contentType(requestBody.content, true)} }`
    : "requestBody?: never";
  const answers = Object.entries(responses).map(
    ([status, { content }]) =>
      `${status}: { headers: Record<string, unknown>; ${contentType(content, false)} }`,
  );
  return `{ parameters: { ${places.join("; ")} }; ${body}; responses: { ${answers.join("; ")} } }`;
}

/** The module whose `paths` types every operation of the description. */
export function typesOf({ paths }: Description): string {
  const lines = Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(
      ([method, operation]) => `    ${method}: ${operationType(operation)};`,
    );
    return `  ${JSON.stringify(path)}: {\n${operations.join("\n")}\n  };`;
  });
  return `// Generated from the routes by scripts/build-dashboard.ts.\nexport interface paths {\n${lines.join("\n")}\n}\n`;
}
