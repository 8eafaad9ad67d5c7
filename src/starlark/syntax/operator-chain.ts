/**
 * Chains of operators, such as `a + b + c`: trees that lean to the left, which may be longer than the
 * JavaScript stack is deep. Whoever goes over a tree goes over a chain in a loop.
 */
import type * as ast from "./ast.ts";

/** Whether an operation goes on with the chain that its left operand ends. */
export function continuesChain(operator: ast.BinaryExpression["operator"], left: ast.Expression): boolean {
  return left.kind === "binary" && kindOf(operator) === kindOf(left.operator);
}

/** `and` and `or` decide whether their right operand is evaluated; all others evaluate both. */
function kindOf(operator: ast.BinaryExpression["operator"]): "and" | "or" | "value" {
  return operator === "and" || operator === "or" ? operator : "value";
}

/** The chain that an operation ends: the first has the first operand on its left, each other the one before. */
export function chainOf(last: ast.BinaryExpression): ast.BinaryExpression[] {
  const chain = [last];
  for (let node = last; continuesChain(node.operator, node.left); ) {
    node = node.left as ast.BinaryExpression;
    chain.push(node);
  }
  return chain.reverse();
}
