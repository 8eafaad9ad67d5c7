// Builds the actors for the simulation: the code that is deployed, its platform exchanged for the simulated one.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import { build, type Plugin } from "esbuild";
import type { Platform } from "./platform.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export type Actor = Record<string, (...args: unknown[]) => unknown>;
type ActorClass = new (ctx: unknown, env: unknown) => Actor;

export const actorClasses = [
  "Catalog",
  "Directory",
  "Environment",
  "Lock",
  "EventBus",
  "JobRouter",
  "WorkflowRun",
] as const;
export type ActorKind = (typeof actorClasses)[number];

export type Actors = Record<ActorKind, ActorClass> & {
  usePlatform(platform: Platform): void;
  evaluatePolicy(input: unknown): Promise<unknown>;
};

/** A fault in the source, put there on purpose: `find` occurs once in `file`, and becomes `replace`. */
export interface Mutation {
  /** Relative to the repository. */
  file: string;
  find: string;
  replace: string;
}

/** How often the text that a mutation replaces is in the source: once, unless the code has gone on without it. */
export async function occurrencesOf({ file, find }: Mutation): Promise<number> {
  return (await readFile(`${root}${file}`, "utf8")).split(find).length - 1;
}

function mutated({ file, find, replace }: Mutation): Plugin {
  return {
    name: "mutation",
    setup(api) {
      api.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== `${root}${file}`) return undefined;
        const text = await readFile(path, "utf8");
        const parts = text.split(find);
        if (parts.length !== 2) {
          throw new Error(`${file} holds ${parts.length - 1} times, not once: ${find}`);
        }
        return { contents: parts.join(replace), loader: "ts" };
      });
    },
  };
}

/**
 * The actors, ready to be instantiated. Each call gives classes of their own.
 *
 * @throws when a mutation's text is not to be found exactly once: it has to follow the code.
 */
export async function bundleActors(mutation?: Mutation): Promise<Actors> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ["simulation/bundle-entry.ts"],
    bundle: true,
    write: false,
    format: "cjs",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["node:*"],
    alias: { "cloudflare:workers": "./simulation/cloudflare-workers.ts" },
    inject: ["simulation/platform.ts"],
    loader: { ".sql": "text", ".wasm": "binary" },
    plugins: mutation ? [mutated(mutation)] : [],
    logLevel: "silent",
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error("esbuild wrote no output");
  // Half the time of importing the same text as a module.
  const exports = {} as Actors;
  const define = compileFunction(output.text, ["exports", "module", "require"]);
  const bundled = { exports };
  define(exports, bundled, createRequire(import.meta.url));
  return bundled.exports;
}
