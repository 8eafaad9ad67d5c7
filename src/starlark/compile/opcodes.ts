/**
 * The instructions of the machine. Each is four words: opcode, a, b, c.
 *
 * R[x] is a register of the frame. RK[x] is R[x], or the constant ~x when x is negative. A jump
 * target is the index of an instruction's first word. Dispatch needs literal numbers in the
 * machine's switch, so a test checks that they are these.
 */
export const Op = {
  /** R[a] = RK[b] */
  Move: 0,
  /** R[a] = global b; error when unbound */
  GetGlobal: 1,
  /** global a = RK[b] */
  SetGlobal: 2,
  /** R[a] = predeclared b */
  GetPredeclared: 3,
  /** R[a] = captured variable b; error when unbound */
  GetFree: 4,
  /** R[a] = content of the cell in R[b]; error when unbound */
  GetCell: 5,
  /** content of the cell in R[a] = RK[b] */
  SetCell: 6,
  /** error when R[a] is unbound */
  CheckBound: 7,

  /** R[a] = RK[b] op RK[c] */
  Add: 8,
  Subtract: 9,
  Multiply: 10,
  Divide: 11,
  FloorDivide: 12,
  Modulo: 13,
  BitAnd: 14,
  BitOr: 15,
  BitXor: 16,
  ShiftLeft: 17,
  ShiftRight: 18,
  Equal: 19,
  NotEqual: 20,
  Less: 21,
  LessEqual: 22,
  Greater: 23,
  GreaterEqual: 24,
  In: 25,
  NotIn: 26,
  /** R[a] = op RK[b] */
  Negate: 27,
  Plus: 28,
  Invert: 29,
  Not: 30,
  /** R[a] = RK[b] += RK[c], changing a list in place */
  InPlaceAdd: 31,
  /** R[a] = RK[b] |= RK[c], changing a dict or set in place */
  InPlaceOr: 32,

  /** goto a */
  Jump: 33,
  /** goto b when RK[a] is true */
  JumpIf: 34,
  /** goto b when RK[a] is false */
  JumpIfNot: 35,
  /** goto c when RK[a] op RK[b] holds */
  JumpEqual: 36,
  JumpLess: 37,
  JumpLessEqual: 38,
  JumpGreater: 39,
  JumpGreaterEqual: 40,
  /** goto c when RK[a] op RK[b] does not hold */
  JumpNotEqual: 41,
  JumpNotLess: 42,
  JumpNotLessEqual: 43,
  JumpNotGreater: 44,
  JumpNotGreaterEqual: 45,
  /** goto a, backwards: costs a step */
  Loop: 46,

  /** R[a] = list of R[b] … R[b+c-1] */
  MakeList: 47,
  /** R[a] = tuple of R[b] … R[b+c-1] */
  MakeTuple: 48,
  /** R[a] = {} */
  MakeDict: 49,
  /** R[a][RK[b]] = RK[c], error when the key is there already */
  AddEntry: 50,
  /** R[a].append(RK[b]), of a list that nobody else sees */
  Append: 51,
  /** R[a][RK[b]] = RK[c], of a dict that nobody else sees */
  PutEntry: 52,
  /** R[b] … R[b+c-1] = elements of RK[a] */
  Unpack: 53,

  /** R[a] = RK[b][RK[c]] */
  Index: 54,
  /** RK[a][RK[b]] = RK[c] */
  SetIndex: 55,
  /** R[a] = RK[b][R[c]:R[c+1]:R[c+2]] */
  Slice: 56,
  /** R[a] = RK[b].name c */
  Attribute: 57,
  /** RK[a].name b = RK[c] */
  SetAttribute: 58,

  /** R[a] = R[b](R[b+1] … R[b+c]) */
  Call: 59,
  /** R[a] = R[b](…) with arguments from R[b+1] on, laid out as call shape c says */
  CallShape: 60,
  /** R[a] = R[b].name(R[b+1] …), c = name * 256 + number of arguments */
  CallMethod: 61,
  /** return RK[a] */
  Return: 62,
  /** R[a] = function b with defaults from R[c] on (only those that are given) */
  MakeFunction: 63,

  /** R[a] = iteration over RK[b] */
  Iterate: 64,
  /** R[b] = next element of iteration R[a]; goto c when there is none */
  Next: 65,
  /** ends the iteration in R[a] */
  EndIteration: 66,
  /**
   * prepares a loop over range with c arguments from R[b] on: R[a] = next, R[a+1] = turns left,
   * R[a+2] = step
   */
  PrepareRange: 67,
  /** when R[a+1] > 0: R[b] = R[a], moves on, costs a step and goes to c */
  NextInRange: 68,

  /** R[a] = value of load b */
  LoadName: 69,
  /** R[a] = tuple of the elements of the list R[b], which nobody else sees */
  ListToTuple: 70,

  /** R[a] = RK[b] op= RK[c], changing a set in place */
  InPlaceSubtract: 71,
  InPlaceAnd: 72,
  InPlaceXor: 73,
} as const;

/** Words per instruction. */
export const INSTRUCTION_SIZE = 4;
