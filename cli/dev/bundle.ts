// Bundles the Worker for the local server: the same entry that `wrangler deploy` uploads, in a fraction of a second.
import { readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";

export interface WorkerModule {
  type: "ESModule" | "CompiledWasm";
  path: string;
  contents: string | Uint8Array<ArrayBuffer>;
}

/** Leaves `.wasm` imports in place and collects their files: workerd wants them as modules of their own. */
function wasmModules(found: Map<string, string>): Plugin {
  return {
    name: "wasm-modules",
    setup(api) {
      api.onResolve({ filter: /\.wasm$/ }, (request) => {
        const name = basename(request.path);
        found.set(name, join(request.resolveDir, request.path));
        return { path: `./${name}`, external: true };
      });
    },
  };
}

/**
 * The modules of the Worker whose entry is `src/worker.ts`, or another file, under `root`, the entry first.
 *
 * @throws esbuild's BuildFailure with the positions when the sources do not build.
 */
export async function bundleWorker(root: string, entryPoint = "src/worker.ts"): Promise<WorkerModule[]> {
  const wasm = new Map<string, string>();
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    sourcemap: "inline",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    // nodejs_compat knows Node's modules by their `node:` names only.
    alias: Object.fromEntries(
      builtinModules
        .filter((name) => !name.startsWith("_") && !name.includes(":"))
        .map((name) => [name, `node:${name}`]),
    ),
    loader: { ".sql": "text" },
    plugins: [wasmModules(wasm)],
    logLevel: "silent",
  });
  const [entry] = result.outputFiles;
  if (!entry) throw new Error(`esbuild wrote no output for ${entryPoint}`);
  const modules: WorkerModule[] = [{ type: "ESModule", path: "worker.js", contents: entry.text }];
  for (const [name, path] of wasm) {
    modules.push({ type: "CompiledWasm", path: name, contents: new Uint8Array(await readFile(path)) });
  }
  return modules;
}
