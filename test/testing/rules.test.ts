// Which calls a rule of `t.on_run` is for.
import { expect, test } from "vitest";
import { reportOf } from "./test-source.ts";

const definitions = `
def call(w, ev):
    return w.run(step = "example.com/a@v1", inputs = {"target": {"env": "prod", "app": "shop"}})
`;

test("a rule for some inputs is for them in whatever order their keys come", () => {
  const body = `
t.on_run("example.com/a", inputs = {"target": {"app": "shop", "env": "prod"}}, holds = True)
assert.eq(t.start(call).state, "waiting")`;
  expect(reportOf(body, definitions).failure).toBeUndefined();
});
