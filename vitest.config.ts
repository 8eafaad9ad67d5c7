import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/count-reporter.ts"],
    projects: [
      "vitest.node.config.ts",
      "vitest.workerd.config.ts",
      "vitest.e2e.config.ts",
      "vitest.browser.config.ts",
    ],
  },
});
