/** The checker of workflow files: pure, for the command line, the Worker and the dashboard alike. */
export { type CheckedProgram, checkProgram } from "./check-program.ts";
export type { Edit, Finding } from "./finding.ts";
export { applyFixes } from "./fixes.ts";
export { type Rule, type RuleId, rules, type Severity } from "./rules.ts";
