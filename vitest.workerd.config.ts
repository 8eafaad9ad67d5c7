import { createHash } from "node:crypto";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { ADMIN_TOKEN, WEBHOOK_SECRET } from "./test/http/secrets.ts";

// Actors and routes: inside workerd, on the real storage, alarms and RPC.
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          SLUICE_ADMIN_TOKEN_SHA256: createHash("sha256").update(ADMIN_TOKEN).digest("hex"),
          GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
        },
      },
    }),
  ],
  test: {
    name: "workerd",
    include: ["test/{actors,http}/**/*.test.ts"],
  },
});
