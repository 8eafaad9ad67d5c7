import { createHash, randomBytes } from "node:crypto";
import type { Command } from "commander";
import { Option } from "commander";
import pc from "picocolors";
import { roleSchema, type TokenView } from "../../src/protocol/token.ts";
import { collect, contextOf, outputOf, parseCount } from "../command.ts";
import { printable, table } from "../output.ts";

const day = (at: number | undefined) => (at === undefined ? "" : new Date(at).toISOString().slice(0, 10));

interface CreateOptions {
  subject: string;
  role: string;
  expiresInDays?: number;
  tag?: string[];
}

/** A token for the first administrator, and the digest that the deployment keeps of it. */
export function makeBootstrapToken(): { token: string; digest: string } {
  const token = `slc_bootstrap_${randomBytes(32).toString("base64url")}`;
  return { token, digest: createHash("sha256").update(token).digest("hex") };
}

export function addTokenCommands(program: Command): void {
  const token = program.command("token").description("who may do what");

  token
    .command("create")
    .description("create a token; it is shown once")
    .requiredOption("--subject <name>", "who holds it: the identity approvals and the audit log record")
    .addOption(
      new Option("--role <role>", "what it may do").choices(roleSchema.options).makeOptionMandatory(),
    )
    .option("--expires-in-days <n>", "when it ends (default: never)", parseCount)
    .option(
      "--tag <tag>",
      "of a runner: it takes no job with another tag; repeatable (default: any)",
      collect,
    )
    .action(async ({ tag, ...options }: CreateOptions, command: Command) => {
      const { client, out } = contextOf(command);
      const body = { ...options, ...(tag && { tags: tag }) };
      const created = await client.post<TokenView & { token: string }>("/v1/tokens", { body });
      out.note(pc.dim("Shown once, and stored nowhere:"));
      out.result(created, () => created.token);
    });

  token
    .command("bootstrap")
    .description("make the first administrator's token for a deployment, offline")
    .action((_options: unknown, command: Command) => {
      const made = makeBootstrapToken();
      outputOf(command).result(made, () =>
        [
          `token   ${made.token}`,
          `digest  ${made.digest}`,
          "",
          pc.dim(
            "Keep the token; give the digest to `npx wrangler secret put SLUICE_ADMIN_TOKEN_SHA256 --env production`.",
          ),
        ].join("\n"),
      );
    });

  token
    .command("list")
    .description("list tokens")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { tokens } = await client.get<{ tokens: TokenView[] }>("/v1/tokens");
      out.result(tokens, () =>
        table(
          ["ID", "SUBJECT", "ROLE", "TAGS", "CREATED", "EXPIRES", "LAST USED"],
          tokens.map((t) => [
            t.id,
            printable(t.subject),
            t.role,
            printable(t.tags?.join(", ") ?? ""),
            day(t.createdAt),
            day(t.expiresAt),
            day(t.lastUsedAt),
          ]),
          "No tokens yet.",
        ),
      );
    });

  token
    .command("revoke")
    .description("revoke a token (within five seconds, everywhere)")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      await client.delete(`/v1/tokens/${encodeURIComponent(id)}`);
      out.result({ id, revoked: true }, () => `${pc.green("✓")} revoked ${id}`);
    });
}
