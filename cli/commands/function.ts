import type { Command } from "commander";
import pc from "picocolors";
import type { CatalogFunction } from "../../src/protocol/workflow.ts";
import { contextOf, parseNumber } from "../command.ts";
import { ago, printable, table } from "../output.ts";

export function addFunctionCommands(program: Command): void {
  const fn = program.command("function").description("the catalog: how far functions are trusted");

  fn.command("set")
    .description("register a function with its trust score")
    .argument("<name>", "the reference without its version: gitlab.com/cd/reconcile")
    .requiredOption("--trust <score>", "0 to 1; a function nobody registered counts as 0", parseNumber)
    .option("--description <text>", "what it does", "")
    .action(async (name: string, options: { trust: number; description: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const view = await client.put<CatalogFunction>(`/v1/functions/${encodeURIComponent(name)}`, {
        body: { trustScore: options.trust, description: options.description },
      });
      out.result(view, () => `${pc.green("✓")} ${printable(view.name)} has trust ${view.trustScore}`);
    });

  fn.command("list")
    .description("list the catalog")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { functions } = await client.get<{ functions: CatalogFunction[] }>("/v1/functions");
      const now = Date.now();
      out.result(functions, () =>
        table(
          ["NAME", "TRUST", "DESCRIPTION", "UPDATED"],
          functions.map((f) => [
            printable(f.name),
            f.trustScore.toFixed(2),
            printable(f.description),
            ago(f.updatedAt, now),
          ]),
          "No functions yet: every call counts as trust 0.",
        ),
      );
    });
}
