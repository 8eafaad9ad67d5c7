/** Tracebacks: which calls are active, and where in the source each of them is. */

import { INSTRUCTION_SIZE, Op } from "../compile/opcodes.ts";
import type { Frame as TracebackFrame } from "../errors.ts";
import { sourceLine } from "../source-file.ts";
import { Builtin } from "../value/function.ts";
import type { FunctionCode } from "../value/function-code.ts";
import { HostObject } from "../value/host-object.ts";
import type { Frame, Slot } from "./frame.ts";

/** In a deeper stack the frames in the middle are left out. */
const MAX_FRAMES = 100;

/** The active calls from the outermost to the given frame. */
export function tracebackOf(frame: Frame | undefined): TracebackFrame[] {
  const frames: TracebackFrame[] = [];
  const total = (frame?.depth ?? -1) + 1;
  let index = total;
  for (let current = frame; current !== undefined; current = current.parent) {
    index--;
    const isShown = total <= MAX_FRAMES || index < MAX_FRAMES / 2 || index >= total - MAX_FRAMES / 2;
    if (isShown && current.fn !== undefined)
      frames.push(describe(current.fn.code, current.pc - INSTRUCTION_SIZE));
  }
  return frames.reverse();
}

function describe(code: FunctionCode, pc: number): TracebackFrame {
  const position = code.source.position(code.offsets[Math.max(0, pc) / INSTRUCTION_SIZE] ?? code.start);
  const text = sourceLine(code.source.text, position.line);
  return { ...position, function: code.name, ...(text === undefined ? {} : { sourceLine: text }) };
}

/** A frame for the builtin that the given frame was calling, which has no source; none if it was not. */
export function calledBuiltin(frame: Frame | undefined, registers: readonly Slot[]): TracebackFrame[] {
  if (frame?.fn === undefined) return [];
  const { code } = frame.fn;
  const pc = frame.pc - INSTRUCTION_SIZE;
  const callee = registers[frame.base + (code.code[pc + 2] ?? 0)];
  let name: string | undefined;
  switch (code.code[pc]) {
    case Op.Call:
    case Op.CallShape:
      if (callee instanceof Builtin) ({ name } = callee);
      break;
    case Op.CallMethod:
      if (!(callee instanceof HostObject)) name = code.names[(code.code[pc + 3] ?? 0) >> 8];
      break;
  }
  return name === undefined ? [] : [{ file: "<builtin>", line: 0, column: 0, function: name }];
}
