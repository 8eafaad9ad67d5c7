/** What a call does before its first instruction. */
import type { FunctionCode } from "../value/function-code.ts";
import type { Value } from "../value/value.ts";
import type { Slot } from "./frame.ts";

/**
 * Makes locals unbound that may be read before they are bound, and gives every variable that
 * closures share a cell, with the argument in it when it is a parameter.
 */
export function clearLocals(code: FunctionCode, registers: Slot[], base: number): void {
  for (const register of code.unboundRegisters) registers[base + register] = undefined;
  const parameterCount = code.parameterNames.length;
  for (const register of code.cellRegisters) {
    const value = register < parameterCount ? (registers[base + register] as Value) : undefined;
    registers[base + register] = { value };
  }
}
