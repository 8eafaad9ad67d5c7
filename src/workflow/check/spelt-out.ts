// What an expression comes out as, where that can be read off it.
import {
  type ast,
  HeapValue,
  StarlarkBytes,
  StarlarkDict,
  StarlarkFloat,
  StarlarkList,
  StarlarkTuple,
  type Value,
} from "../../starlark/index.ts";

export interface SpeltOut {
  /** A value of the right type; of the right content only where `isComplete`. */
  value: Value;
  isComplete: boolean;
}

/** Stands for any function of the program. */
class SomeFunction extends HeapValue {
  override get type(): string {
    return "function";
  }

  override get callable(): boolean {
    return true;
  }
}

export const someFunction: Value = new SomeFunction();
const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["None", null],
  ["True", true],
  ["False", false],
]);

/** Undefined where the type cannot be told. */
export function speltOut(node: ast.Expression): SpeltOut | undefined {
  switch (node.kind) {
    case "string":
    case "int":
      return { value: node.value, isComplete: true };
    case "float":
      return { value: new StarlarkFloat(node.value), isComplete: true };
    case "bytes":
      return { value: new StarlarkBytes(node.value), isComplete: true };
    case "list":
    case "tuple": {
      const items = node.items.map(speltOut);
      const values = items.map((item) => item?.value ?? null);
      const value = node.kind === "list" ? new StarlarkList(values) : new StarlarkTuple(values);
      return { value, isComplete: items.every((item) => item?.isComplete) };
    }
    case "dict":
      return dictOf(node);
    case "comprehension":
      return { value: "key" in node.body ? new StarlarkDict() : new StarlarkList([]), isComplete: false };
    case "lambda":
      return { value: someFunction, isComplete: false };
    case "unary":
      return negative(node);
    case "binary":
      return textOf(node);
    case "name": {
      const value = node.binding?.scope === "universal" ? constants.get(node.name) : undefined;
      return value === undefined ? undefined : { value, isComplete: true };
    }
    default:
      return undefined;
  }
}

function dictOf(node: ast.DictExpression): SpeltOut {
  const value = new StarlarkDict();
  let isComplete = true;
  for (const entry of node.entries) {
    const key = speltOut(entry.key);
    const content = speltOut(entry.value);
    isComplete &&= key?.isComplete === true && content?.isComplete === true;
    // Keys that cannot be hashed, such as lists, are left to the run.
    if (typeof key?.value === "string") value.set(key.value, content?.value ?? null);
    else isComplete = false;
  }
  return { value, isComplete };
}

function negative({ operator, operand }: ast.UnaryExpression): SpeltOut | undefined {
  if (operator === "not") return { value: true, isComplete: false };
  const inner = operator === "-" ? speltOut(operand) : undefined;
  if (typeof inner?.value === "number") return { value: -inner.value, isComplete: inner.isComplete };
  if (inner?.value instanceof StarlarkFloat) {
    return { value: new StarlarkFloat(-inner.value.value), isComplete: inner.isComplete };
  }
  return undefined;
}

/** `"…" % x` and `"…" + x` are text, whatever x is, or fail. Comparisons give bools. */
function textOf(node: ast.BinaryExpression): SpeltOut | undefined {
  if (["==", "!=", "<", ">", "<=", ">=", "in", "not in"].includes(node.operator)) {
    return { value: true, isComplete: false };
  }
  // Chains can be thousands of operators long.
  let left: ast.Expression = node;
  while (left.kind === "binary" && (left.operator === "%" || left.operator === "+")) left = left.left;
  return left.kind === "string" ? { value: "", isComplete: false } : undefined;
}
