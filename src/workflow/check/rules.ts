// What the checker looks for: every rule with its stable id, its weight, and why it is one. docs/checks.md is made
// from this table.

export type Severity = "error" | "warning" | "note";

export interface Rule {
  severity: Severity;
  /** What is found, in a few words. */
  title: string;
  /** Why that is worth saying, and what to do. */
  help: string;
  /** `--fix` mends it, changing nothing that the program does. */
  isFixable?: boolean;
}

/** Found by looking; a comment `# sluice: ignore[rule]` silences each. */
export const rules = {
  "unknown-attribute": {
    severity: "error",
    title: "An attribute that `w` or a module does not have",
    help: "The call would fail with that message when a run gets there.",
  },
  "missing-argument": {
    severity: "error",
    title: "A call without an argument that is required",
    help: "Functions of this program are held to their `def`, those of `w` and of modules to their signature.",
  },
  "unknown-argument": {
    severity: "error",
    title: "A keyword argument that the function does not take",
    help: "The call would fail; most often the name is misspelt.",
  },
  "surplus-argument": {
    severity: "error",
    title: "More arguments than the function takes, or one twice",
    help: "Many arguments can be given by name only.",
  },
  "wrong-argument-type": {
    severity: "error",
    title: "An argument of a type that the function refuses",
    help: "Only what is spelt out in the call is looked at: literals, functions, text put together from them.",
  },
  "invalid-duration": {
    severity: "error",
    title: "A length of time that is none",
    help: 'Write seconds as a number, or a text such as `"90s"`, `"30m"` or `"1h30m"`.',
  },
  "invalid-reference": {
    severity: "error",
    title: "A function reference that is none",
    help: "Write `host/path@version`, `./folder` or `builtin://name`.",
  },
  "invalid-event-type": {
    severity: "error",
    title: "An event type that is none",
    help: "A type has 1 to 255 characters; only a prefix may be open, with `*` at its end.",
  },
  "invalid-filter": {
    severity: "error",
    title: "A filter that is no CEL expression, or does not come out true or false",
    help: "The message says where in the expression.",
  },
  "invalid-key": {
    severity: "error",
    title: "A key for groups of events that is no CEL expression",
    help: "The message says where in the expression.",
  },
  "invalid-retry": {
    severity: "error",
    title: "A `retry` with an option or value that does not exist",
    help: "It is a number of attempts, or a dict of `attempts`, `initial`, `factor`, `max` and `final`.",
  },
  "invalid-sensitive": {
    severity: "error",
    title: "A sensitive place that is none, or that the inputs do not have",
    help: "A place is names parted by points, `*` for any. One that is misspelt would show what it was to hide.",
  },
  "invalid-choice": {
    severity: "error",
    title: "A text that is not among those the parameter takes",
    help: "The message lists them.",
  },
  "handler-signature": {
    severity: "error",
    title: "A handler that cannot be called with the workflow and the event",
    help: "A handler is called with two positional arguments: `def handler(w, ev):`.",
  },
  "called-too-early": {
    severity: "error",
    title: "A call where a function is expected",
    help:
      "`w.attempt(w.run(…))` runs the Function first and has nothing left to attempt. Hand over the function: " +
      "`w.attempt(lambda: w.run(…))`.",
  },
  "duplicate-key": {
    severity: "error",
    title: "A dict with the same key twice",
    help: "Starlark refuses such a dict when it gets there.",
  },
  "captured-loop-variable": {
    severity: "warning",
    title: "A function made in a loop that uses the loop's variable",
    help:
      "All functions of the loop share the variable, and see its last value when they are called later. Hand the " +
      "value over instead: `w.parallel([(region, w, name) for name in names])`, `w.spawn(region, w, name)`.",
  },
  "unused-load": {
    severity: "warning",
    title: "A loaded name that is never used",
    help: "Take it out, or begin its name with an underscore.",
    isFixable: true,
  },
  "unused-variable": {
    severity: "warning",
    title: "A variable or inner function that is never used",
    help: "Take it out, or begin its name with an underscore. What its value calls is kept by the fix.",
    isFixable: true,
  },
  "unused-function": {
    severity: "warning",
    title: "A private function that is never used",
    help: "A name with an underscore in front cannot be loaded by other files, so nothing can call it.",
  },
  "unused-result": {
    severity: "warning",
    title: "A statement whose result is all it does, and is not used",
    help: "Most often a pair of parentheses is missing, or an assignment.",
  },
  "discarded-comparison": {
    severity: "warning",
    title: "A comparison whose result is not used",
    help: "Most often `=` was meant.",
  },
  "unreachable-code": {
    severity: "warning",
    title: "Statements that are never reached",
    help: "They come after `return`, `break`, `continue` or `fail`.",
  },
  "shadowed-builtin": {
    severity: "warning",
    title: "A name that hides one of the language or the library",
    help: "Whoever reads `json` or `len` further down expects the one that everybody knows.",
  },
  "inconsistent-indentation": {
    severity: "warning",
    title: "Indentation that mixes tabs and spaces",
    help: "What belongs to which block then depends on the width of a tab.",
  },
  "missing-docstring": {
    severity: "note",
    title: "A handler, or a function for others to load, without a docstring",
    help: "`sluice workflow docs` makes pages from them, and operators read what a run is doing.",
  },
  "docstring-mismatch": {
    severity: "warning",
    title: "A docstring that describes a parameter which the function does not have",
    help: "Most often the parameter has been renamed.",
  },
  "unknown-rule": {
    severity: "warning",
    title: "A comment that ignores a rule which does not exist",
    help: "Write `# sluice: ignore[rule]` with the ids of this page.",
  },
  "unused-ignore": {
    severity: "warning",
    title: "A comment that ignores a rule where there is nothing to ignore",
    help: "Take it out, so that it hides nothing later.",
    isFixable: true,
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** The rule of that id, undefined for what registering a workflow refuses by itself. */
export function ruleOf(id: string): Rule | undefined {
  return Object.hasOwn(rules, id) ? rules[id as RuleId] : undefined;
}
