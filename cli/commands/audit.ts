import type { Command } from "commander";
import pc from "picocolors";
import type { AuditEntry } from "../../src/protocol/audit.ts";
import { contextOf, parseCount } from "../command.ts";
import { printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";

/** `from=1, to=2`: what an action was told, on one line. */
function details(data: AuditEntry["data"]): string {
  return Object.entries(data)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

export function addAuditCommands(program: Command): void {
  const audit = program.command("audit").description("who did what");

  audit
    .command("list")
    .description("list what was done, newest first")
    .option("--limit <n>", "how many", parseCount, 100)
    .action(async ({ limit: most }: { limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const entries = await firstOf(
        most,
        ({ limit, cursor: before }) =>
          client.get<{ entries: AuditEntry[]; next?: number }>("/v1/audit", { query: { limit, before } }),
        (page) => page.entries,
      );
      out.result(entries, () =>
        table(
          ["AT", "BY", "ACTION", "SUBJECT", "DETAILS"],
          entries.map(({ at, by, action, subject, data }) => [
            new Date(at).toISOString(),
            printable(by),
            printable(action),
            printable(subject),
            pc.dim(printable(details(data))),
          ]),
          "Nobody has done anything yet.",
        ),
      );
    });
}
