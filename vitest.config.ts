import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["vitest.node.config.ts", "vitest.workerd.config.ts", "vitest.e2e.config.ts"],
  },
});
