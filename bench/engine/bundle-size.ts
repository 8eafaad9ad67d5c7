// What is uploaded.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "../../cli/dev/bundle.ts";
import { row, short } from "./figures.ts";

/** Prints the size of the bundle, gzipped, without source maps. */
export async function bundleSize(): Promise<void> {
  const modules = await bundleWorker(join(import.meta.dirname, "..", ".."));
  console.log("\nBundle, gzipped");
  let total = 0;
  for (const { path, contents } of modules) {
    const bytes =
      typeof contents === "string" ? contents.replace(/\n\/\/# sourceMappingURL=.*/, "") : contents;
    const size = gzipSync(bytes).length;
    total += size;
    console.log(row(path, [`${short(size / 1024)} KiB`]));
  }
  console.log(row("together", [`${short(total / 1024)} KiB`]));
}
