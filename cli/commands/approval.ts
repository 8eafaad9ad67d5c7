import type { Command } from "commander";
import pc from "picocolors";
import type { Approval } from "../../src/protocol/policy.ts";
import { contextOf, parseCount } from "../command.ts";
import { ago, printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";

async function decide(
  decision: "approve" | "deny",
  id: string,
  comment: string,
  command: Command,
): Promise<void> {
  const { client, out } = contextOf(command);
  const approval = await client.post<Approval>(`/v1/approvals/${encodeURIComponent(id)}`, {
    body: { decision, comment },
  });
  out.result(
    approval,
    () =>
      `${pc.green("✓")} ${approval.state}: ${printable(approval.function)}${approval.environment ? ` in ${approval.environment}` : ""} by ${printable(approval.resolvedBy ?? "")}`,
  );
}

export function addApprovalCommands(program: Command): void {
  const approval = program.command("approval").description("decide what policy holds");

  approval
    .command("list")
    .description("list approvals, those that wait by default")
    .option("--all", "decided ones too")
    .option("--limit <n>", "how many", parseCount, 100)
    .action(async ({ all, limit }: { all?: boolean; limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const state = all ? undefined : "pending";
      const approvals = await firstOf(
        limit,
        (page) =>
          client.get<{ approvals: Approval[]; next?: string }>("/v1/approvals", {
            query: { state, ...page },
          }),
        (page) => page.approvals,
      );
      const now = Date.now();
      out.result(approvals, () =>
        table(
          ["FUNCTION", "ENVIRONMENT", "WHY", "INITIATOR", "OPENED", "STATE", "ID"],
          approvals.map((a) => [
            printable(a.function),
            a.environment ?? "",
            printable(a.reasons.join("; ")),
            printable(a.initiator),
            ago(a.openedAt, now),
            a.state,
            a.id,
          ]),
          "Nothing waits for approval.",
        ),
      );
    });

  for (const decision of ["approve", "deny"] as const) {
    approval
      .command(decision)
      .description(`${decision} a held call`)
      .argument("<id>")
      .option("--comment <text>", "why", "")
      .action((id: string, options: { comment: string }, command: Command) =>
        decide(decision, id, options.comment, command),
      );
  }
}
