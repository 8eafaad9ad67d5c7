import { defineConfig } from "vitest/config";

// Pure modules, the command line and the runner: plain Node.
export default defineConfig({
  test: {
    name: "node",
    // Some start processes, which a busy machine takes seconds for; no test here waits by itself.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: [
      "test/{starlark,workflow,dashboard,testing,golden,events,jobs,environments,builtins,policy,auth,protocol,runner,cli,scripts,simulation}/**/*.test.ts",
    ],
  },
});
