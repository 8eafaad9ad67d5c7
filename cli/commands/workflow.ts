import type { Command } from "commander";
import pc from "picocolors";
import type { Diagnostic, WorkflowView } from "../../src/protocol/workflow.ts";
import { contextOf } from "../command.ts";
import { renderDiagnostics } from "../diagnostics.ts";
import { ProblemError, usageError } from "../errors.ts";
import { ago, printable, table } from "../output.ts";
import { workflowFiles } from "../starlark-files.ts";
import { readWorkflow } from "../workflow-files.ts";
import { workflowPath } from "../workflow-path.ts";
import { addCheckCommand } from "./workflow-check.ts";
import { addDocsCommand } from "./workflow-docs.ts";
import { addVersionCommands } from "./workflow-versions.ts";

export function addWorkflowCommands(program: Command): void {
  const workflow = program.command("workflow").description("register and inspect workflows");

  workflow
    .command("push")
    .description("check and register workflows: a file, or every .star file of a folder")
    .argument("<path...>")
    .option("--name <name>", "register under this name (default: the file's)")
    .option(
      "--update",
      "take the newest of what is loaded from other repositories, and write it to sluice.lock",
    )
    .action(async (paths: string[], options: { name?: string; update?: boolean }, command: Command) => {
      const { client, out } = contextOf(command);
      const files = paths.flatMap(workflowFiles);
      if (options.name !== undefined && files.length !== 1)
        throw usageError("--name goes with exactly one file");
      const pushed: WorkflowView[] = [];
      for (const file of files) {
        const { name, input } = readWorkflow(file, { update: options.update ?? false });
        try {
          pushed.push(
            await client.put<WorkflowView>(workflowPath(options.name ?? name), {
              body: input,
            }),
          );
        } catch (error) {
          if (error instanceof ProblemError && error.problem.diagnostics) {
            out.note(renderDiagnostics(error.problem.diagnostics as unknown as Diagnostic[], input.files));
          }
          throw error;
        }
      }
      out.result(pushed, () =>
        pushed
          .map(
            ({ name, version, triggers }) =>
              `${pc.green("✓")} ${name} version ${version}, on ${triggers.map((trigger) => trigger.type).join(", ")}`,
          )
          .join("\n"),
      );
    });

  workflow
    .command("list")
    .description("list registered workflows")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { workflows } = await client.get<{ workflows: WorkflowView[] }>("/v1/workflows");
      const now = Date.now();
      out.result(workflows, () =>
        table(
          ["NAME", "VERSION", "DIGEST", "TRIGGERS", "UPDATED"],
          workflows.map((w) => [
            w.name,
            String(w.version),
            w.digest.slice(0, 12),
            w.triggers.map((trigger) => printable(trigger.type)).join(", "),
            ago(w.updatedAt, now),
          ]),
          "No workflows yet: `sluice workflow push FILE.star` registers one.",
        ),
      );
    });

  workflow
    .command("show")
    .description("show a workflow's triggers and source")
    .argument("<name>")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const view = await client.get<
        WorkflowView & { program: { entry: string; files: Record<string, string> } }
      >(workflowPath(name));
      out.result(view, () =>
        [
          `${pc.bold(view.name)} version ${view.version}  ${pc.dim(view.digest)}`,
          ...view.triggers.map(
            (t) => `  on ${printable(t.type)}${t.filter ? ` if ${printable(t.filter)}` : ""} → ${t.handler}`,
          ),
          ...Object.entries(view.program.files).flatMap(([file, source]) => [
            "",
            pc.dim(`# ${file}`),
            printable(source).trimEnd(),
          ]),
        ].join("\n"),
      );
    });

  addVersionCommands(workflow);
  addCheckCommand(workflow);
  addDocsCommand(workflow);
}
