// Functions of the surface as they would be written in a script.
import type { SurfaceFunction, SurfaceParameter } from "../surface/surface.ts";

/** `w.run(step, inputs = {}, *, environment = None)`. */
export function signatureText(fn: SurfaceFunction): string {
  return `${fn.name}(${parameterTexts(fn, plainText).join(", ")})`;
}

function plainText(parameter: SurfaceParameter): string {
  return parameter.isRequired ? parameter.name : `${parameter.name} = ${defaultText(parameter)}`;
}

/** What stands for the default in code: a literal as it is, None for what only words can say. */
export function defaultText({ default: text }: SurfaceParameter): string {
  return text !== undefined && /^("[^"]*"|-?\d+(\.\d+)?|\{\}|\[\]|True|False)$/.test(text) ? text : "None";
}

/** Every parameter in order, with the marks `/` and `*` between them. */
export function parameterTexts(
  { parameters }: SurfaceFunction,
  textOf: (parameter: SurfaceParameter) => string,
): string[] {
  const texts: string[] = [];
  for (const [index, parameter] of parameters.entries()) {
    const before = parameters[index - 1];
    if (before?.form === "positional-only" && parameter.form !== "positional-only") texts.push("/");
    if (parameter.form === "keyword-only" && before?.form !== "keyword-only" && before?.form !== "star") {
      texts.push("*");
    }
    if (parameter.form === "star") texts.push(`*${parameter.name}`);
    else if (parameter.form === "starstar") texts.push(`**${parameter.name}`);
    else texts.push(textOf(parameter));
  }
  if (parameters.at(-1)?.form === "positional-only") texts.push("/");
  return texts;
}
