import { defineConfig } from "vitest/config";

// Pure modules, the command line and the runner: plain Node.
export default defineConfig({
  test: {
    name: "node",
    include: [
      "test/{starlark,workflow,events,jobs,environments,builtins,policy,auth,protocol,runner,cli,scripts}/**/*.test.ts",
    ],
  },
});
