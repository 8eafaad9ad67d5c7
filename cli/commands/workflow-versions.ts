// What a registered workflow was before, going back to it, and removing it.
import type { Command } from "commander";
import pc from "picocolors";
import type { ProgramSource, WorkflowVersion, WorkflowView } from "../../src/protocol/workflow.ts";
import { contextOf, parseCount } from "../command.ts";
import { ago, printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";
import { workflowPath } from "../workflow-path.ts";

export function addVersionCommands(workflow: Command): void {
  workflow
    .command("versions")
    .description("list a workflow's versions, newest first, also of one that is removed")
    .argument("<name>")
    .option("--limit <n>", "how many", parseCount, 50)
    .action(async (name: string, { limit: most }: { limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const versions = await firstOf(
        most,
        ({ limit, cursor: before }) =>
          client.get<{ versions: WorkflowVersion[]; next?: number }>(`${workflowPath(name)}/versions`, {
            query: { limit, before },
          }),
        (page) => page.versions,
      );
      const now = Date.now();
      out.result(versions, () =>
        table(
          ["VERSION", "DIGEST", "BY", "WHEN"],
          versions.map(({ version, digest, by, at }) => [
            String(version),
            digest === undefined ? pc.dim("removed") : digest.slice(0, 12),
            printable(by),
            ago(at, now),
          ]),
          "It has no versions.",
        ),
      );
    });

  workflow
    .command("rollback")
    .description(
      "register the program of an earlier version again, as the newest; also of a workflow that is removed",
    )
    .argument("<name>")
    .argument("<version>", "as `sluice workflow versions` shows it", parseCount)
    .action(async (name: string, earlier: number, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const path = workflowPath(name);
      const { program } = await client.get<WorkflowVersion & { program: ProgramSource }>(
        `${path}/versions/${earlier}`,
      );
      const { entry, files } = program;
      const view = await client.put<WorkflowView>(path, { body: { entry, files } });
      out.result(
        view,
        () => `${pc.green("✓")} ${view.name} version ${view.version} is version ${earlier} again`,
      );
    });

  workflow
    .command("delete")
    .description("remove a workflow and its triggers; its runs go on, its versions are kept")
    .argument("<name>")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      await client.delete(workflowPath(name));
      out.result({ name, deleted: true }, () => `${pc.green("✓")} removed ${name}`);
    });
}
