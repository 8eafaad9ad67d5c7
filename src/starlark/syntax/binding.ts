/** What names refer to: the resolver's answer, which the compiler reads off the tree. */

export type BindingScope = "local" | "cell" | "free" | "global" | "predeclared" | "universal" | "undefined";

/** One variable of a function or of the module, or a name known from outside. */
export interface Binding {
  /** `cell`: a local that closures share. `free`: a variable of an enclosing function. */
  scope: BindingScope;
  readonly name: string;
  /** Local and cell: number among the function's locals. Free: number among its captured ones. */
  readonly index: number;
  /** Where it was bound first, -1 for a name from outside. */
  readonly start: number;
  /** How many times it is read; for warnings. */
  uses: number;
}

/** What the resolver found out about a function, or about the top level of a file. */
export interface FunctionScope {
  /** Parameters first, in order. */
  readonly locals: Binding[];
  /** The bindings of the enclosing function that are captured, in order. */
  readonly captured: Binding[];
}
