// Checks a workflow without a server: what registering it would refuse, and, as warnings, what looks unintended.
import { createHash } from "node:crypto";
import { checkFilter } from "../src/events/filter.ts";
import { checkKey } from "../src/events/key.ts";
import type { Diagnostic, WorkflowInput } from "../src/protocol/workflow.ts";
import { check } from "../src/starlark/index.ts";
import { loadWorkflow } from "../src/workflow/index.ts";
import { predeclared } from "../src/workflow/predeclared.ts";

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

/** Every mistake and every warning, file by file; empty when there is nothing to say. */
export function checkWorkflow(input: WorkflowInput): Diagnostic[] {
  const doubts = Object.entries(input.files)
    .flatMap(([file, source]) => check(source, { file, predeclared: Object.keys(predeclared) }))
    .filter(({ severity }) => severity === "warning");
  const loaded = loadWorkflow(input, { sha256Hex, checkFilter, checkKey });
  if (loaded.ok) return doubts;
  return [...((loaded.error.details?.diagnostics ?? []) as unknown as Diagnostic[]), ...doubts];
}
