import { defineConfig } from "vitest/config";

// The whole system over real HTTP, with real processes; the only tests that may wait on the wall clock.
export default defineConfig({
  test: {
    name: "end-to-end",
    include: ["test/{end-to-end,faults}/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
