import type { Command } from "commander";
import pc from "picocolors";
import type { LockView } from "../../src/protocol/lock.ts";
import { contextOf } from "../command.ts";
import { CliError, usageError } from "../errors.ts";
import { ago, printable, table } from "../output.ts";

function described(lock: LockView, now: number): string {
  const rows = [...lock.holders, ...lock.waiting].map((claim) => [
    claim.grantedAt === undefined ? "waits" : "holds",
    claim.workflow,
    ago(claim.grantedAt ?? claim.requestedAt, now),
    claim.run,
    claim.command,
  ]);
  return table(["", "WORKFLOW", "SINCE", "RUN", "COMMAND"], rows, `Nobody holds ${printable(lock.key)}.`);
}

/** How many of those that wait a list names. */
const MAX_NAMED = 3;

/** Names claims, of `count` that there are. */
function claimants(claims: LockView["waiting"], count = claims.length): string {
  const named = claims.map(({ workflow, run }) => `${workflow} ${pc.dim(run)}`).join(", ");
  return count > claims.length ? `${named} and ${count - claims.length} more` : named;
}

export function addLockCommands(program: Command): void {
  const lock = program.command("lock").description("see who holds locks, and take them away");

  lock
    .command("list")
    .description("list locks that somebody holds or waits for")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { locks } = await client.get<{ locks: LockView[] }>("/v1/locks");
      out.result(locks, () =>
        table(
          ["LOCK", "HELD BY", "WAITING"],
          locks.map(({ key, holders, waiting, waitingCount }) => [
            printable(key),
            claimants(holders),
            claimants(waiting.slice(0, MAX_NAMED), waitingCount),
          ]),
          "No lock is held.",
        ),
      );
    });

  lock
    .command("show")
    .description("show who holds a lock and who waits for it")
    .argument("<key>")
    .action(async (key: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const shown = await client.get<LockView>(`/v1/locks/${encodeURIComponent(key)}`);
      out.result(shown, () => described(shown, Date.now()));
    });

  lock
    .command("release")
    .description("take a lock away from a run, which goes on as if it held it")
    .argument("<key>")
    .option("--run <id>", "from which run, where several hold it")
    .option("--reason <text>", "why", "")
    .action(async (key: string, options: { run?: string; reason: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const path = `/v1/locks/${encodeURIComponent(key)}`;
      const { holders } = await client.get<LockView>(path);
      const held = holders.filter(({ run }) => options.run === undefined || run === options.run);
      const [claim] = held;
      if (!claim) throw new CliError(`nobody holds ${key} so`);
      if (held.length > 1) throw usageError(`${held.length} hold ${key}: say which with --run`);
      const left = await client.post<LockView>(`${path}/release`, {
        body: { run: claim.run, command: claim.command, reason: options.reason },
      });
      out.result(left, () => described(left, Date.now()));
    });
}
