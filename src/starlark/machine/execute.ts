/**
 * The loop that executes instructions (compile/opcodes.ts).
 *
 * It is one large function on purpose: V8 compiles it as a whole, with the frame's registers, code
 * and position in machine registers. Operations on small ints, and what else real programs do most,
 * are done in place; everything else is a call. Case labels are literal numbers because only those
 * become a jump table.
 */
import { EvaluationError } from "../errors.ts";
import { methodsOf } from "../library/methods.ts";
import { type CallResult, Deferred } from "../value/call.ts";
import { DICT_ENTRY_BYTES, EMPTY_DICT_BYTES, NEW_ENTRY_STEPS, StarlarkDict } from "../value/dict.ts";
import { compareBy, equals } from "../value/equality.ts";
import { Builtin, type Cell, StarlarkFunction } from "../value/function.ts";
import type { CallShape } from "../value/function-code.ts";
import { HostObject } from "../value/host-object.ts";
import { ArrayIteration, type Iteration, iterate } from "../value/iterate.ts";
import { FREE_KEY_LENGTH } from "../value/key.ts";
import { LIST_BYTES, StarlarkList, StarlarkTuple } from "../value/list.ts";
import { repr } from "../value/repr.ts";
import { truth, typeName, type Value } from "../value/value.ts";
import {
  addInPlace,
  binaryOperation,
  combineInPlace,
  concatenate,
  orInPlace,
  unaryOperation,
} from "./arithmetic.ts";
import { attributeOf, noAttribute, setAttribute } from "./attributes.ts";
import { callBuiltin } from "./call-builtin.ts";
import { callWithShape } from "./call-shape.ts";
import { clearLocals } from "./clear-locals.ts";
import { type Frame, nextFrame, refuseRecursion } from "./frame.ts";
import { contains, indexValue, setIndex, sliceValue } from "./indexing.ts";
import { makeFunction } from "./make-function.ts";
import { prepareRange } from "./prepare-range.ts";
import type { RunningFiber } from "./running-fiber.ts";
import { unpack } from "./unpack.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const MIN = Number.MIN_SAFE_INTEGER;
/** Up to this a quotient times the divisor is exact, even when rounding has made it one too large. */
const HALF_MAX = 2 ** 52;

/** Executes the innermost frame of a fiber, and those it calls, until the fiber is no longer running. */
export function execute(fiber: RunningFiber): void {
  const { registers, budget } = fiber;
  const innermost = fiber.frame;
  if (innermost?.fn === undefined) throw new TypeError("the innermost frame has nothing to execute");
  let frame: Frame = innermost;
  let fn: StarlarkFunction = innermost.fn;
  let code = fn.code.code;
  let constants = fn.code.constants;
  let base = frame.base;
  let pc = frame.pc;
  // Steps taken from the budget in advance, because a local variable is much cheaper to count with.
  // What is left goes back whenever someone else may look at the budget.
  let fuel = 0;
  try {
    for (;;) {
      const a = code[pc + 1] as number;
      const b = code[pc + 2] as number;
      const c = code[pc + 3] as number;
      pc += 4;
      switch (code[pc - 4]) {
        case 0: // Move
          registers[base + a] = b >= 0 ? registers[base + b] : constants[~b];
          break;
        case 1: {
          // GetGlobal
          const value = fn.module.globals[b];
          if (value === undefined) {
            throw unbound(fn.module.isLoaded[b] ? "local" : "global", fn.module.globalNames[b]);
          }
          registers[base + a] = value;
          break;
        }
        case 2: // SetGlobal
          fn.module.globals[a] = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          break;
        case 3: // GetPredeclared
          registers[base + a] = fn.module.predeclared[b];
          break;
        case 4: {
          // GetFree
          const value = (fn.cells[b] as Cell).value;
          if (value === undefined) throw unbound("local", fn.code.freeNames[b]);
          registers[base + a] = value;
          break;
        }
        case 5: {
          // GetCell
          const value = (registers[base + b] as Cell).value;
          if (value === undefined) throw unbound("local", fn.code.localNames[b]);
          registers[base + a] = value;
          break;
        }
        case 6: // SetCell
          (registers[base + a] as Cell).value = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          break;
        case 7: // CheckBound
          if (registers[base + a] === undefined) throw unbound("local", fn.code.localNames[a]);
          break;

        case 8: {
          // Add
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number") {
            const sum = x + y;
            if (sum <= MAX && sum >= MIN) {
              registers[base + a] = sum;
              break;
            }
          } else if (typeof x === "string" && typeof y === "string") {
            registers[base + a] = concatenate(x, y, budget);
            break;
          }
          registers[base + a] = binaryOperation("+", x, y, budget);
          break;
        }
        case 9: {
          // Subtract
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number") {
            const difference = x - y;
            if (difference <= MAX && difference >= MIN) {
              registers[base + a] = difference;
              break;
            }
          }
          registers[base + a] = binaryOperation("-", x, y, budget);
          break;
        }
        case 10: {
          // Multiply
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number") {
            // Adding zero turns -0 into 0.
            const product = x * y + 0;
            if (product <= MAX && product >= MIN) {
              registers[base + a] = product;
              break;
            }
          }
          registers[base + a] = binaryOperation("*", x, y, budget);
          break;
        }
        case 11: // Divide
          registers[base + a] = binaryOperation(
            "/",
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            budget,
          );
          break;
        case 12: {
          // FloorDivide
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && x >= 0 && y > 0) {
            if ((x | 0) === x && (y | 0) === y) {
              registers[base + a] = ((x | 0) / (y | 0)) | 0;
              break;
            }
            if (x <= HALF_MAX && y <= HALF_MAX) {
              const quotient = Math.floor(x / y);
              // Rounding can make the quotient one too large.
              registers[base + a] = quotient * y > x ? quotient - 1 : quotient;
              break;
            }
          }
          registers[base + a] = binaryOperation("//", x, y, budget);
          break;
        }
        case 13: {
          // Modulo
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && x >= 0 && y > 0) {
            // On int32 the processor has an instruction; on doubles `%` is a slow call.
            if ((x | 0) === x && (y | 0) === y) {
              registers[base + a] = (x | 0) % (y | 0);
              break;
            }
            if (x <= HALF_MAX && y <= HALF_MAX) {
              const remainder = x - Math.floor(x / y) * y;
              registers[base + a] = remainder < 0 ? remainder + y : remainder;
              break;
            }
          }
          registers[base + a] = binaryOperation("%", x, y, budget);
          break;
        }
        case 14: {
          // BitAnd
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && (x | 0) === x && (y | 0) === y) {
            registers[base + a] = x & y;
          } else registers[base + a] = binaryOperation("&", x, y, budget);
          break;
        }
        case 15: {
          // BitOr
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && (x | 0) === x && (y | 0) === y) {
            registers[base + a] = x | y;
          } else registers[base + a] = binaryOperation("|", x, y, budget);
          break;
        }
        case 16: {
          // BitXor
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && (x | 0) === x && (y | 0) === y) {
            registers[base + a] = x ^ y;
          } else registers[base + a] = binaryOperation("^", x, y, budget);
          break;
        }
        case 17: // ShiftLeft
          registers[base + a] = binaryOperation(
            "<<",
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            budget,
          );
          break;
        case 18: {
          // ShiftRight
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number" && (x | 0) === x && y >= 0 && y < 32) {
            registers[base + a] = x >> y;
          } else registers[base + a] = binaryOperation(">>", x, y, budget);
          break;
        }
        case 19: {
          // Equal
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x === y : equals(x, y, budget);
          break;
        }
        case 20: {
          // NotEqual
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x !== y : !equals(x, y, budget);
          break;
        }
        case 21: {
          // Less
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x < y : compareBy("<", x, y, budget);
          break;
        }
        case 22: {
          // LessEqual
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x <= y : compareBy("<=", x, y, budget);
          break;
        }
        case 23: {
          // Greater
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x > y : compareBy(">", x, y, budget);
          break;
        }
        case 24: {
          // GreaterEqual
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] =
            typeof x === "number" && typeof y === "number" ? x >= y : compareBy(">=", x, y, budget);
          break;
        }
        case 25: // In
          registers[base + a] = contains(
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            budget,
          );
          break;
        case 26: // NotIn
          registers[base + a] = !contains(
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            budget,
          );
          break;
        case 27: {
          // Negate
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          registers[base + a] = typeof x === "number" ? 0 - x : unaryOperation("-", x, budget);
          break;
        }
        case 28: // Plus
          registers[base + a] = unaryOperation(
            "+",
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            budget,
          );
          break;
        case 29: // Invert
          registers[base + a] = unaryOperation(
            "~",
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            budget,
          );
          break;
        case 30: // Not
          registers[base + a] = !truth((b >= 0 ? registers[base + b] : constants[~b]) as Value);
          break;
        case 31: {
          // InPlaceAdd
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number") {
            const sum = x + y;
            if (sum <= MAX && sum >= MIN) {
              registers[base + a] = sum;
              break;
            }
          } else if (typeof x === "string" && typeof y === "string") {
            registers[base + a] = concatenate(x, y, budget);
            break;
          }
          registers[base + a] = addInPlace(x, y, budget);
          break;
        }
        case 32: // InPlaceOr
          registers[base + a] = orInPlace(
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            budget,
          );
          break;

        case 33: // Jump
          pc = a;
          break;
        case 34: {
          // JumpIf
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          if (x === true || (x !== false && truth(x))) pc = b;
          break;
        }
        case 35: {
          // JumpIfNot
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          if (x === false || (x !== true && !truth(x))) pc = b;
          break;
        }
        case 36: {
          // JumpEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x === y : equals(x, y, budget)) pc = c;
          break;
        }
        case 37: {
          // JumpLess
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x < y : compareBy("<", x, y, budget)) pc = c;
          break;
        }
        case 38: {
          // JumpLessEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x <= y : compareBy("<=", x, y, budget)) pc = c;
          break;
        }
        case 39: {
          // JumpGreater
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x > y : compareBy(">", x, y, budget)) pc = c;
          break;
        }
        case 40: {
          // JumpGreaterEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x >= y : compareBy(">=", x, y, budget)) pc = c;
          break;
        }
        case 41: {
          // JumpNotEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (typeof x === "number" && typeof y === "number" ? x !== y : !equals(x, y, budget)) pc = c;
          break;
        }
        case 42: {
          // JumpNotLess
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (!(typeof x === "number" && typeof y === "number" ? x < y : compareBy("<", x, y, budget)))
            pc = c;
          break;
        }
        case 43: {
          // JumpNotLessEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (!(typeof x === "number" && typeof y === "number" ? x <= y : compareBy("<=", x, y, budget)))
            pc = c;
          break;
        }
        case 44: {
          // JumpNotGreater
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (!(typeof x === "number" && typeof y === "number" ? x > y : compareBy(">", x, y, budget)))
            pc = c;
          break;
        }
        case 45: {
          // JumpNotGreaterEqual
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const y = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          if (!(typeof x === "number" && typeof y === "number" ? x >= y : compareBy(">=", x, y, budget)))
            pc = c;
          break;
        }
        case 46: // Loop
          if (--fuel < 0) fuel = budget.refuel();
          pc = a;
          break;

        case 47: // MakeList
          budget.charge(0, LIST_BYTES + 8 * c);
          registers[base + a] = new StarlarkList(registers.slice(base + b, base + b + c) as Value[]);
          break;
        case 48: // MakeTuple
          budget.charge(0, LIST_BYTES + 8 * c);
          registers[base + a] = new StarlarkTuple(registers.slice(base + b, base + b + c) as Value[]);
          break;
        case 49: // MakeDict
          budget.charge(0, EMPTY_DICT_BYTES);
          registers[base + a] = new StarlarkDict();
          break;
        case 50: {
          // AddEntry
          const dict = registers[base + a] as StarlarkDict;
          const key = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const { size } = dict;
          dict.set(key, (c >= 0 ? registers[base + c] : constants[~c]) as Value, budget);
          if (dict.size === size) throw new EvaluationError(`duplicate key: ${repr(key, budget)}`);
          break;
        }
        case 51: {
          // Append. An array that grows has room to spare, and leaves a smaller one behind.
          budget.bytesLeft -= 24;
          if (budget.bytesLeft < 0) throw budget.bytesExceeded();
          const value = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          (registers[base + a] as StarlarkList).items.push(value);
          break;
        }
        case 52: // PutEntry
          (registers[base + a] as StarlarkDict).set(
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
            budget,
          );
          break;
        case 53: // Unpack
          unpack((a >= 0 ? registers[base + a] : constants[~a]) as Value, registers, base + b, c, budget);
          break;

        case 54: {
          // Index
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const key = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof key === "number") {
            if (x instanceof StarlarkList || x instanceof StarlarkTuple) {
              const { items } = x;
              const value = items[key < 0 ? key + items.length : key];
              if (value !== undefined) {
                registers[base + a] = value;
                break;
              }
            } else if (x instanceof StarlarkDict) {
              const entry = x.entries.get(key);
              if (entry !== undefined) {
                registers[base + a] = entry.value;
                break;
              }
            }
          } else if (
            typeof key === "string" &&
            x instanceof StarlarkDict &&
            key.length <= FREE_KEY_LENGTH &&
            key.charCodeAt(0) !== 0
          ) {
            const entry = x.entries.get(key);
            if (entry !== undefined) {
              registers[base + a] = entry.value;
              break;
            }
          }
          registers[base + a] = indexValue(x, key, budget);
          break;
        }
        case 55: {
          // SetIndex
          const x = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const key = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const value = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof key === "number") {
            if (x instanceof StarlarkList) {
              if (key >= 0 && key < x.items.length && !x.frozen && x.iterations === 0) {
                x.items[key] = value;
                break;
              }
            } else if (x instanceof StarlarkDict && !x.frozen && x.iterations === 0) {
              const entry = x.entries.get(key);
              if (entry !== undefined) {
                entry.value = value;
                break;
              }
              budget.charge(NEW_ENTRY_STEPS, DICT_ENTRY_BYTES);
              x.entries.set(key, { key, value });
              break;
            }
          } else if (
            typeof key === "string" &&
            x instanceof StarlarkDict &&
            key.length <= FREE_KEY_LENGTH &&
            key.charCodeAt(0) !== 0 &&
            !x.frozen &&
            x.iterations === 0
          ) {
            const entry = x.entries.get(key);
            if (entry !== undefined) {
              entry.value = value;
              break;
            }
          }
          setIndex(x, key, value, budget);
          break;
        }
        case 56: // Slice
          registers[base + a] = sliceValue(
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            registers[base + c] as Value,
            registers[base + c + 1] as Value,
            registers[base + c + 2] as Value,
            budget,
          );
          break;
        case 57: // Attribute
          registers[base + a] = attributeOf(
            (b >= 0 ? registers[base + b] : constants[~b]) as Value,
            fn.code.names[c] as string,
            budget,
          );
          break;
        case 58: // SetAttribute
          setAttribute(
            (a >= 0 ? registers[base + a] : constants[~a]) as Value,
            fn.code.names[b] as string,
            (c >= 0 ? registers[base + c] : constants[~c]) as Value,
          );
          break;

        case 59: {
          // Call
          if (--fuel < 0) fuel = budget.refuel();
          const callee = registers[base + b] as Value;
          if (callee instanceof StarlarkFunction) {
            const target = callee.code;
            if (target.isSimple && target.positionalCount === c) {
              if (!target.allowsRecursion) refuseRecursion(callee, frame);
              frame.pc = pc;
              const next: Frame = frame.next ?? nextFrame(frame, budget);
              next.result = base + a;
              base += b + 1;
              next.base = base;
              next.fn = callee;
              // The arguments are the callee's first registers already.
              while (registers.length < base + target.registerCount) registers.push(undefined);
              if (target.hasPrologue) clearLocals(target, registers, base);
              frame = next;
              fiber.frame = next;
              fn = callee;
              code = target.code;
              constants = target.constants;
              pc = 0;
              break;
            }
          }
          frame.pc = pc;
          budget.stepsLeft += fuel;
          fuel = 0;
          let result: CallResult | undefined;
          if (callee instanceof Builtin) {
            result = callBuiltin(fiber, callee, callee.receiver, registers, base + b + 1, c);
          } else if (callee instanceof StarlarkFunction) {
            fiber.enterInPlace(callee, base + b + 1, c, base + a);
          } else {
            const args = registers.slice(base + b + 1, base + b + 1 + c) as Value[];
            result = fiber.invoke(callee, args, [], base + a);
          }
          if (result !== undefined && !(typeof result === "object" && result instanceof Deferred)) {
            registers[base + a] = result;
            break;
          }
          if (result !== undefined) fiber.complete(result, base + a);
          if (!fiber.isRunning) return;
          frame = fiber.frame as Frame;
          fn = frame.fn as StarlarkFunction;
          code = fn.code.code;
          constants = fn.code.constants;
          base = frame.base;
          pc = frame.pc;
          break;
        }
        case 60: {
          // CallShape
          if (--fuel < 0) fuel = budget.refuel();
          const shape = fn.code.callShapes[c] as CallShape;
          const callee = registers[base + b] as Value;
          frame.pc = pc;
          if (callee instanceof StarlarkFunction && shape.plan?.code === callee.code) {
            fiber.enterPlanned(callee, shape.plan, base + b + 1, base + a);
            frame = fiber.frame as Frame;
            fn = callee;
            code = fn.code.code;
            constants = fn.code.constants;
            base = frame.base;
            pc = 0;
            break;
          }
          budget.stepsLeft += fuel;
          fuel = 0;
          const result = callWithShape(fiber, registers, base + b, shape, base + a);
          if (result !== undefined && !(typeof result === "object" && result instanceof Deferred)) {
            registers[base + a] = result;
            break;
          }
          if (result !== undefined) fiber.complete(result, base + a);
          if (!fiber.isRunning) return;
          frame = fiber.frame as Frame;
          fn = frame.fn as StarlarkFunction;
          code = fn.code.code;
          constants = fn.code.constants;
          base = frame.base;
          pc = frame.pc;
          break;
        }
        case 61: {
          // CallMethod
          if (--fuel < 0) fuel = budget.refuel();
          const receiver = registers[base + b] as Value;
          const name = fn.code.names[c >> 8] as string;
          const count = c & 255;
          frame.pc = pc;
          budget.stepsLeft += fuel;
          fuel = 0;
          let result: CallResult | undefined;
          if (receiver instanceof HostObject) {
            const callee = receiver.attribute(name, budget);
            if (callee === undefined) throw noAttribute(receiver, name);
            result =
              callee instanceof Builtin
                ? callBuiltin(fiber, callee, callee.receiver, registers, base + b + 1, count)
                : fiber.invoke(
                    callee,
                    registers.slice(base + b + 1, base + b + 1 + count) as Value[],
                    [],
                    base + a,
                  );
          } else {
            const method = methodsOf(receiver)?.get(name);
            if (method === undefined) throw noAttribute(receiver, name);
            result = callBuiltin(fiber, method, receiver, registers, base + b + 1, count);
          }
          if (result !== undefined && !(typeof result === "object" && result instanceof Deferred)) {
            registers[base + a] = result;
            break;
          }
          if (result !== undefined) fiber.complete(result, base + a);
          if (!fiber.isRunning) return;
          frame = fiber.frame as Frame;
          fn = frame.fn as StarlarkFunction;
          code = fn.code.code;
          constants = fn.code.constants;
          base = frame.base;
          pc = frame.pc;
          break;
        }
        case 62: {
          // Return
          const value = (a >= 0 ? registers[base + a] : constants[~a]) as Value;
          const { result, parent } = frame;
          fiber.frame = parent;
          if (parent !== undefined && parent.fn !== undefined) {
            registers[result] = value;
            frame = parent;
          } else {
            budget.stepsLeft += fuel;
            fuel = 0;
            fiber.complete(value, result);
            if (!fiber.isRunning) return;
            frame = fiber.frame as Frame;
          }
          fn = frame.fn as StarlarkFunction;
          code = fn.code.code;
          constants = fn.code.constants;
          base = frame.base;
          pc = frame.pc;
          break;
        }
        case 63: // MakeFunction
          registers[base + a] = makeFunction(fn, b, registers, base, base + c, budget);
          break;

        case 64: {
          // Iterate
          const iterable = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const iteration = iterate(iterable, budget);
          if (iteration === undefined) {
            throw new EvaluationError(`${typeName(iterable)} value is not iterable`);
          }
          registers[base + a] = iteration;
          break;
        }
        case 65: {
          // Next
          const iteration = registers[base + a];
          if (iteration instanceof ArrayIteration) {
            if (iteration.index < iteration.items.length) {
              registers[base + b] = iteration.items[iteration.index++];
            } else pc = c;
          } else {
            const element = (iteration as Iteration).next();
            if (element !== undefined) registers[base + b] = element;
            else pc = c;
          }
          break;
        }
        case 66: // EndIteration
          (registers[base + a] as Iteration).release();
          registers[base + a] = undefined;
          break;
        case 67: // PrepareRange
          prepareRange(registers, base + a, base + b, c);
          break;
        case 68: {
          // NextInRange
          const left = registers[base + a + 1] as number;
          if (left > 0) {
            if (--fuel < 0) fuel = budget.refuel();
            const element = registers[base + a] as number;
            registers[base + a + 1] = left - 1;
            registers[base + b] = element;
            registers[base + a] = element + (registers[base + a + 2] as number);
            pc = c;
          }
          break;
        }

        case 69: // LoadName
          registers[base + a] = fn.module.loadName(b);
          break;
        case 70: // ListToTuple
          registers[base + a] = new StarlarkTuple((registers[base + b] as StarlarkList).items);
          break;
        case 71: {
          // InPlaceSubtract
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          if (typeof x === "number" && typeof y === "number") {
            const difference = x - y;
            if (difference <= MAX && difference >= MIN) {
              registers[base + a] = difference;
              break;
            }
          }
          registers[base + a] = combineInPlace("-", x, y, budget);
          break;
        }
        case 72: {
          // InPlaceAnd
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] = combineInPlace("&", x, y, budget);
          break;
        }
        case 73: {
          // InPlaceXor
          const x = (b >= 0 ? registers[base + b] : constants[~b]) as Value;
          const y = (c >= 0 ? registers[base + c] : constants[~c]) as Value;
          registers[base + a] = combineInPlace("^", x, y, budget);
          break;
        }
        default:
          throw new TypeError(`unknown instruction ${code[pc - 4]}`);
      }
    }
  } catch (error) {
    // The position of what failed, for the traceback.
    frame.pc = pc;
    budget.stepsLeft += fuel;
    throw error;
  }
}

function unbound(kind: "local" | "global", name: string | undefined): EvaluationError {
  return new EvaluationError(`${kind} variable ${name} referenced before assignment`);
}
