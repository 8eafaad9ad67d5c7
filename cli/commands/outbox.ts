import type { Command } from "commander";
import pc from "picocolors";
import type { ParkedMessage } from "../../src/protocol/outbox.ts";
import { contextOf } from "../command.ts";
import { printable, table } from "../output.ts";

export function addOutboxCommands(program: Command): void {
  const outbox = program.command("outbox").description("messages inside Sluice that failed too often");

  outbox
    .command("list")
    .description("list parked messages")
    .argument("[actor]", "bus, catalog, router, directory, run/ID, environment/NAME or lock/KEY")
    .action(async (actor: string | undefined, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { parked } = await client.get<{ parked: ParkedMessage[] }>("/v1/outbox", { query: { actor } });
      out.result(parked, () =>
        table(
          ["ACTOR", "TO", "MESSAGE", "ATTEMPTS", "LAST ERROR"],
          parked.map((one) => [
            one.actor,
            printable(one.receiver),
            one.method,
            String(one.attempts),
            printable(one.lastError),
          ]),
          "No message is parked.",
        ),
      );
    });

  outbox
    .command("retry")
    .description("deliver an actor's parked messages again")
    .argument("<actor>", "as `sluice outbox list` shows it")
    .action(async (actor: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const answer = await client.post<{ retried: number }>("/v1/outbox/retry", { body: { actor } });
      out.result(answer, () => `${pc.green("✓")} ${answer.retried} on their way again`);
    });
}
