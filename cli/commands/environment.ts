import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { Argument, InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import {
  type Deployment,
  type EnvironmentView,
  riskSchema,
  type Target,
  tierSchema,
} from "../../src/protocol/environment.ts";
import {
  HEALTH_REPORTED,
  type Health,
  type HealthChange,
  healthStatuses,
} from "../../src/protocol/health.ts";
import { type DeploymentHealth, healthOf, healthWords, observed } from "../../src/protocol/health-words.ts";
import type { Client } from "../client.ts";
import { collectPair, contextOf, parseCount, splitPair } from "../command.ts";
import { ProblemError } from "../errors.ts";
import { ago, printable, table } from "../output.ts";

/** `gitlab.com/cd/*`, `app=*-production`, or both: `gitlab.com/cd/*,app=*-production`. */
function collectTarget(text: string, targets: Target[] = []): Target[] {
  const target: Target = { function: "*", inputs: {} };
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") throw new InvalidArgumentError(`"${text}" has an empty part`);
    if (!part.includes("=")) target.function = part;
    else {
      const [name, glob] = splitPair(part);
      target.inputs[name] = glob;
    }
  }
  return [...targets, target];
}

function targetText({ function: reference, inputs }: Target): string {
  const parts = Object.entries(inputs).map(([name, glob]) => `${name}=${glob}`);
  return (reference === "*" && parts.length > 0 ? parts : [reference, ...parts]).join(",");
}

type Freeze = EnvironmentView["freezes"][number];

/** The API replaces all settings, and there is no option for these: left out, every freeze would end. */
async function freezesOf(client: Client, path: string): Promise<Freeze[]> {
  try {
    return (await client.get<EnvironmentView>(path)).freezes;
  } catch (error) {
    if (error instanceof ProblemError && error.code === "unknown_environment") return [];
    throw error;
  }
}

export function addEnvironmentCommands(program: Command): void {
  const environment = program.command("env").description("create and list environments");

  environment
    .command("create")
    .description("create an environment, or replace its settings but for its freezes")
    .argument("<name>")
    .addOption(new Option("--tier <tier>", "what it is").choices(tierSchema.options).makeOptionMandatory())
    .addOption(new Option("--risk <risk>", "what is at stake").choices(riskSchema.options).default("medium"))
    .option("--label <name=value>", "a label, repeatable", collectPair)
    .option("--target <match>", "which calls touch it: FUNCTION-GLOB,INPUT=GLOB; repeatable", collectTarget)
    .action(
      async (
        name: string,
        options: { tier: string; risk: string; label?: Record<string, string>; target?: Target[] },
        command: Command,
      ) => {
        const { client, out } = contextOf(command);
        const path = `/v1/environments/${encodeURIComponent(name)}`;
        const view = await client.put<EnvironmentView>(path, {
          body: {
            tier: options.tier,
            risk: options.risk,
            labels: options.label ?? {},
            targets: options.target ?? [],
            freezes: await freezesOf(client, path),
          },
        });
        out.result(view, () => `${pc.green("✓")} environment ${view.name} (${view.tier}, ${view.risk} risk)`);
      },
    );

  environment
    .command("list")
    .description("list environments and what is deployed there")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { environments } = await client.get<{ environments: EnvironmentView[] }>("/v1/environments");
      const now = Date.now();
      out.result(environments, () =>
        table(
          ["NAME", "TIER", "RISK", "TARGETS", "FREEZES", "DEPLOYED"],
          environments.map((e) => [
            e.name,
            e.tier,
            e.risk,
            printable(e.targets.map(targetText).join(" ")),
            freezeCount(e.freezes, now),
            printable(e.deployments.map((d) => deployed(d, e.health, now)).join(", ")),
          ]),
          "No environments yet: `sluice env create production --tier production --target 'app=*-production'`.",
        ),
      );
    });

  environment
    .command("show")
    .description(
      "show an environment: its freezes, what is deployed there, how well it is, and how that has changed",
    )
    .argument("<name>")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const path = `/v1/environments/${encodeURIComponent(name)}`;
      const view = await client.get<EnvironmentView>(path);
      const { changes } = await client.get<{ changes: HealthChange[] }>(`${path}/health`, {
        query: { limit: 10 },
      });
      out.result({ ...view, changes }, () => described(view, changes, Date.now()));
    });

  environment
    .command("report")
    .description("report how well an app is that is deployed there")
    .argument("<name>")
    .argument("<app>")
    .addArgument(new Argument("<status>").choices(healthStatuses))
    .option("--message <text>", "what is the matter")
    .option("--revision <text>", "which revision was seen")
    .option("--stale-after <seconds>", "how long this holds without another report", parseCount)
    .action(async (name: string, app: string, status: string, options: ReportOptions, command: Command) => {
      const { client, out } = contextOf(command);
      const { events } = await client.post<{ events: EventReceipt[] }>("/v1/events", {
        headers: { "content-type": "application/cloudevents+json" },
        rawBody: JSON.stringify({
          specversion: "1.0",
          id: randomUUID(),
          source: "/sluice/cli",
          type: HEALTH_REPORTED,
          subject: app,
          time: new Date().toISOString(),
          datacontenttype: "application/json",
          data: {
            environment: name,
            app,
            status,
            message: options.message,
            revision: options.revision,
            stale_after_s: options.staleAfter,
          },
        }),
      });
      out.result(events[0], () => `${pc.green("✓")} ${printable(app)} in ${name} is ${status}`);
    });
}

interface ReportOptions {
  message?: string;
  revision?: string;
  staleAfter?: number;
}

function deployed(deployment: Deployment, health: readonly Health[], now: number): string {
  const { app, revision, at } = deployment;
  return `${app} ${revision} (${ago(at, now)}, ${healthWords(healthOf(deployment, health, now), revision)})`;
}

/** A freeze holds from `from` up to, but not including, `to`. */
function freezeState({ from, to }: Freeze, now: number): "over" | "in force" | "to come" {
  if (now >= Date.parse(to)) return "over";
  return now >= Date.parse(from) ? "in force" : "to come";
}

/** Those that still matter: `1 in force, 2 to come`. */
function freezeCount(freezes: readonly Freeze[], now: number): string {
  const states = freezes.map((freeze) => freezeState(freeze, now));
  return (["in force", "to come"] as const)
    .map((state) => [states.filter((one) => one === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`)
    .join(", ");
}

function freezeLine(freeze: Freeze, now: number): string {
  const { name, from, to, reason } = freeze;
  const why = reason === "" ? "" : `: ${printable(reason)}`;
  return `  freeze ${printable(name)}  ${freezeState(freeze, now)}, from ${from} to ${to}${why}`;
}

function described(view: EnvironmentView, changes: readonly HealthChange[], now: number): string {
  const { deployments, health, freezes } = view;
  const foreign = health.filter((one) => !deployments.some(({ app }) => app === one.app));
  return [
    `${pc.bold(view.name)}  ${view.tier}, ${view.risk} risk`,
    ...freezes.map((freeze) => freezeLine(freeze, now)),
    ...deployments.map((one) => healthLine(one.app, one.revision, healthOf(one, health, now), now)),
    ...foreign.map((one) => healthLine(one.app, one.revision ?? "", observed(one, now), now)),
    ...changes.map(({ app, status, since, message = "" }) =>
      pc.dim(`  ${ago(since, now)}: ${printable(app)} became ${status} ${printable(message)}`.trimEnd()),
    ),
  ].join("\n");
}

function healthLine(app: string, revision: string, known: DeploymentHealth, now: number): string {
  const named = `  ${printable(app)} ${printable(revision)}  ${healthWords(known, revision)}`;
  if (known.known === "ended_well") return `${named}, as its function reported ${ago(known.at, now)}`;
  const { since, observedAt, message } = known.health;
  const said = message === undefined ? "" : `: ${printable(message)}`;
  return `${named} since ${ago(since, now)}, observed ${ago(observedAt, now)}${said}`;
}
