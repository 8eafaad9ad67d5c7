/** The lexical blocks names are looked up in. */
import type { Binding, FunctionScope } from "../syntax/binding.ts";

export type BlockKind = "file" | "function" | "comprehension";

export class Block {
  readonly kind: BlockKind;
  readonly parent: Block | undefined;
  /** The function (or top level) whose variables this block's are. */
  readonly scope: FunctionScope;
  readonly bindings = new Map<string, Binding>();
  /** Variables of enclosing functions that this function uses. Function blocks only. */
  private readonly free = new Map<Binding, Binding>();

  constructor(kind: BlockKind, parent: Block | undefined) {
    this.kind = kind;
    this.parent = parent;
    this.scope =
      kind === "comprehension" && parent !== undefined ? parent.scope : { locals: [], captured: [] };
  }

  /** Adds a local variable of this block, unless it has it already; tells whether it had. */
  addLocal(name: string, start: number): boolean {
    if (this.bindings.has(name)) return true;
    const index = this.scope.locals.length;
    const binding: Binding = { scope: "local", name, index, start, uses: 0 };
    this.scope.locals.push(binding);
    this.bindings.set(name, binding);
    return false;
  }

  /**
   * The local or captured variable that a name means here; undefined when it is none. A variable of
   * an enclosing function becomes a cell, captured by every function in between.
   */
  lookup(name: string): Binding | undefined {
    const own = this.kind === "file" ? undefined : this.bindings.get(name);
    if (own !== undefined) return own;
    if (this.parent === undefined) return undefined;
    const outer = this.parent.lookup(name);
    if (outer === undefined || this.kind !== "function") return outer;
    return this.capture(outer);
  }

  private capture(outer: Binding): Binding {
    let binding = this.free.get(outer);
    if (binding === undefined) {
      if (outer.scope === "local") outer.scope = "cell";
      const index = this.scope.captured.length;
      binding = { scope: "free", name: outer.name, index, start: outer.start, uses: 0 };
      this.scope.captured.push(outer);
      this.free.set(outer, binding);
    }
    outer.uses++;
    return binding;
  }

  /** Every name visible here, for "did you mean". */
  *visibleNames(): Generator<string> {
    yield* this.bindings.keys();
    if (this.parent !== undefined) yield* this.parent.visibleNames();
  }
}
