import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { ADMIN_TOKEN, WEBHOOK_SECRET } from "./test/http/secrets.ts";

// wrangler.toml names the folder that the dashboard is built into; these tests need no dashboard.
mkdirSync("dist/dashboard", { recursive: true });

// Actors and routes: inside workerd, on the real storage, alarms and RPC. And what has to be the same in both runtimes.
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        r2Buckets: ["ARCHIVE"],
        bindings: {
          SLUICE_ADMIN_TOKEN_SHA256: createHash("sha256").update(ADMIN_TOKEN).digest("hex"),
          GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
        },
      },
    }),
  ],
  test: {
    name: "workerd",
    // A busy machine takes seconds to load the Worker into each file's runtime; no test here waits by itself.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ["test/{actors,http}/**/*.test.ts", "test/starlark/consumption.test.ts"],
  },
});
