// Bundles a file of this folder as a Worker and serves it in workerd.
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** Serves `entry`, a file name. The address is ready to be asked. */
export async function startWorker(entry: string): Promise<{ url: URL; stop(): Promise<void> }> {
  const bundle = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: "2026-01-01",
      modules: [{ type: "ESModule", path: "worker.js", contents: bundle.outputFiles[0]?.text ?? "" }],
    }),
  );
  return { url: await miniflare.ready, stop: () => miniflare.dispose() };
}
