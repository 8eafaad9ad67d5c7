// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions are what is tested.
import { describe, expect, it } from "vitest";
import { aFolder, perform } from "./builders.ts";

const answer = (name: string, value: string) =>
  `echo '{"name": "${name}", "value": ${value}}' >> "\${{ output_file }}"`;

describe("a command", () => {
  it("gets its inputs as arguments, without a shell, and answers with typed outputs", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec:
  inputs:
    app: { type: string }
    count: { type: number, default: 2 }
    list: { type: array, default: [1, "b"] }
  outputs:
    healthy: { type: boolean }
    note: { type: string, default: none }
    size: { type: number }
---
env:
  LOG_LEVEL: info-\${{ inputs.count }}
exec:
  command: ["\${{ func_dir }}/run.sh", "\${{ inputs.app }}", "\${{ inputs.list }}", "\${{ output_file }}"]
`,
      "f/run.sh": `#!/bin/sh
echo "app=$1 list=$2 level=$LOG_LEVEL dir=$(basename "$PWD")"
echo '{"name": "healthy", "value": false}' >> "$3"
echo '{"name": "size", "value": 3}' >> "$3"
echo '{"name": "healthy", "value": true}' >> "$3"
`,
    });
    const { outputs, log } = await perform(root, "f", { app: "$(date); 'x' \"y\"" });
    expect(log).toContain('app=$(date); \'x\' "y" list=[1,"b"] level=info-2 dir=work');
    expect(outputs).toEqual({ healthy: true, note: "none", size: 3 });
  });

  it("runs in work_dir, sees no more of the machine than it is given, and reads an empty input", async () => {
    const root = await aFolder({
      "f/func.yml": `spec:
---
exec:
  command: [sh, -c, "pwd; cat; env"]
  work_dir: \${{ func_dir }}
`,
    });
    process.env.SLUICE_TEST_SECRET = "do-not-show";
    const { outputs, log } = await perform(root, "f");
    delete process.env.SLUICE_TEST_SECRET;
    expect(outputs).toEqual({});
    expect(log.split("\n")[0]).toMatch(/\/f$/);
    expect(log).toContain("PATH=");
    expect(log).not.toContain("do-not-show");
  });

  it("that exits with another code than 0 failed, with the code and the last lines", async () => {
    const root = await aFolder({
      "f/func.yml": `spec:
---
exec: { command: [sh, -c, "echo first; echo went wrong >&2; exit 3"] }
`,
    });
    const { error } = await perform(root, "f");
    expect(error).toMatchObject({ code: "FunctionFailed", details: { exit_code: 3 } });
    expect(error?.message).toMatch(/exited with code 3:\n(.|\n)*went wrong/);
    expect(error?.retryable).toBeUndefined();
  });

  it("that does not exist or is ended by a signal failed too", async () => {
    const root = await aFolder({
      "a/func.yml": `spec:\n---\nexec: { command: [sluice-no-such-command] }\n`,
      "b/func.yml": `spec:\n---\nexec: { command: [sh, -c, "kill -9 $$"] }\n`,
    });
    expect((await perform(root, "a")).error).toMatchObject({
      code: "FunctionFailed",
      details: { exit_code: 127 },
    });
    expect((await perform(root, "b")).error).toMatchObject({
      code: "FunctionFailed",
      details: { exit_code: null, signal: "SIGKILL" },
    });
  });

  it("may say itself what went wrong, whatever its exit code", async () => {
    const reported =
      '{"code": "NoCapacity", "message": "full", "retryable": false, "details": {"zone": "b"}}';
    for (const exit of [0, 1]) {
      const root = await aFolder({
        "f/func.yml": `spec:\n---\nscript: |\n  ${answer("error", reported)}\n  exit ${exit}\n`,
      });
      expect((await perform(root, "f")).error).toMatchObject({
        code: "NoCapacity",
        message: "full",
        retryable: false,
        details: { zone: "b" },
      });
    }
  });

  it("reports progress while it runs", async () => {
    const root = await aFolder({
      "f/func.yml": `spec:\n---\nscript: |\n  ${answer("progress", '{"done": 1, "total": 3, "message": "half way"}')}\n  sleep 1.2\n`,
    });
    const { progress, outputs } = await perform(root, "f");
    expect(progress).toEqual([{ done: 1, total: 3, message: "half way" }]);
    expect(outputs).toEqual({});
  });
});

describe("what does not fit is refused", () => {
  const f = (outputs: string, script: string) => ({
    "f/func.yml": `spec:\n  inputs: { app: { type: string }, n: { type: number, default: 1 } }\n  outputs: { ${outputs} }\n---\nscript: |\n  echo ran\n  ${script}\n`,
  });

  it("inputs that are missing, unknown or of a wrong type, all at once and before anything runs", async () => {
    const root = await aFolder(f("", ""));
    const { error, log } = await perform(root, "f", { n: "2", extra: 1 });
    expect(log).toBe("");
    expect(error).toMatchObject({ code: "InvalidInputs", retryable: false });
    expect(error?.message).toContain('there is no input "extra" (declared: app, n)');
    expect(error?.message).toContain('the input "app" is missing');
    expect(error?.message).toContain('the input "n" must be a number, and is string');
  });

  it.each([
    ["ok: { type: boolean }", "", 'the output "ok" is missing'],
    ["ok: { type: boolean }", answer("ok", '"yes"'), 'the output "ok" must be a boolean, and is string'],
    ["ok: { type: struct }", answer("ok", "[1]"), 'the output "ok" must be a struct, and is array'],
    ["", answer("other", "1"), 'there is no output "other"'],
    ["", 'echo "not json" >> "${{ output_file }}"', "line 1 of the output file is not JSON"],
    ["", `echo '{"nam": 1}' >> "\${{ output_file }}"`, 'is not {"name": …, "value": …}'],
  ])("outputs: %s with %s", async (outputs, script, message) => {
    const root = await aFolder(f(outputs, script));
    const { error } = await perform(root, "f", { app: "x" });
    expect(error).toMatchObject({ code: "InvalidOutputs", retryable: false });
    expect(error?.message).toContain(message);
  });

  it.each([
    ["spec:\n", "must have two YAML documents"],
    ["spec:\n---\nexec: { command: [] }\n", "func.yml:3, exec.command"],
    ["spec:\n---\nscript: x\nexec: { command: [y] }\n", "exactly one of exec, script and run"],
    ["spec:\n  inputs: { a: { type: text } }\n---\nscript: x\n", "func.yml:2, spec.inputs.a.type"],
    ["spec:\n  inputs: { a: { type: number, default: '1' } }\n---\nscript: x\n", "not of type number"],
    ["spec:\n  outputs: { error: { type: string } }\n---\nscript: x\n", "reserved for messages"],
    ["spec:\n---\nscript: x\nunknown: 1\n", "unknown"],
    ["spec: [\n---\nscript: x\n", "func.yml:"],
    [
      "spec:\n---\nexec:\n  command:\n    - ok\n    - ${{ inputs. }}\n",
      "func.yml:6, exec.command[1]: expected a name",
    ],
    ["spec:\n  outputs: delegate\n---\nscript: x\n", "does not say to which step"],
    ["spec:\n---\nrun: [{ name: a, script: x }]\ndelegate: b\n", "no step is called so"],
    ["spec:\n---\nrun: [{ name: a, script: x }, { name: a, script: y }]\n", "two steps are called a"],
    ["spec:\n---\nrun: [{ name: a }]\n", "exactly one of func, step and script"],
  ])("a definition such as %j", async (text, message) => {
    const root = await aFolder({ "f/func.yml": text });
    const { error } = await perform(root, "f");
    expect(error).toMatchObject({ code: "InvalidFunction", retryable: false });
    expect(error?.message).toContain(message);
  });

  it("an expression that fails when it is evaluated, with its place", async () => {
    const root = await aFolder({
      "f/func.yml": 'spec:\n---\nexec:\n  command: [echo, "${{ inputs.nothing }}"]\n',
    });
    const { error } = await perform(root, "f");
    expect(error?.code).toBe("InvalidExpression");
    expect(error?.message).toContain('func.yml:4, exec.command[1]: there is no "nothing" here');
  });

  it("a folder without func.yml", async () => {
    const root = await aFolder({ "f/readme": "" });
    expect((await perform(root, "f")).error).toMatchObject({ code: "FunctionNotFound" });
  });
});

describe("a script", () => {
  it("is run by bash, stops at the first failure, also inside a pipe and of an unset variable", async () => {
    for (const line of ["false", "false | cat", 'echo "$NOT_SET"']) {
      const root = await aFolder({ "f/func.yml": `spec:\n---\nscript: |\n  ${line}\n  echo survived\n` });
      const { error, log } = await perform(root, "f");
      expect(error?.code).toBe("FunctionFailed");
      expect(log).not.toContain("survived");
    }
  });

  it("never takes a value for code", async () => {
    const root = await aFolder({
      "f/func.yml": `spec: { inputs: { text: { type: string } } }\n---\nscript: |\n  echo "got \${{ inputs.text }}"\n`,
    });
    const text = 'x"; echo broken; $(echo sub) `echo tick` #';
    expect((await perform(root, "f", { text })).log).toBe(`got ${text}\n`);
  });
});

describe("a list of steps", () => {
  it("passes outputs on by type, exports variables, and maps its outputs", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec:
  inputs: { start: { type: number } }
  outputs: { total: { type: number }, seen: { type: string } }
---
env: { LEVEL: outer, ONLY: "start-\${{ inputs.start }}" }
run:
  - name: add
    func: ./add
    inputs: { a: "\${{ inputs.start }}", b: 2 }
  - name: shout
    step: ./shout
    env: { LEVEL: step }
    inputs: { text: "sum \${{ steps.add.outputs.sum }}" }
  - name: more
    script: echo "exported=$FROM_ADD level=$LEVEL env=\${{ env.FROM_ADD }}"
outputs:
  total: \${{ steps.add.outputs.sum * 10 }}
  seen: \${{ steps.shout.outputs.text }}
`,
      "f/add/func.yml": `
spec:
  inputs: { a: { type: number }, b: { type: number } }
  outputs: { sum: { type: number } }
---
exec:
  command:
    - sh
    - -c
    - |
      echo '{"name": "sum", "value": '"$1"'}' >> "$2"
      echo '{"name": "FROM_ADD", "value": 7}' >> "$3"
    - sh
    - \${{ inputs.a + inputs.b }}
    - \${{ output_file }}
    - \${{ export_file }}
`,
      "f/shout/step.yml": `
spec:
  inputs: { text: { type: string } }
  outputs: { text: { type: string } }
---
env: { INNER: "\${{ env.LEVEL }}" }
script: |
  echo "inner=$INNER level=$LEVEL only=$ONLY"
  echo '{"name": "text", "value": "'"\${{ inputs.text }}"' '"$LEVEL"'"}' >> "\${{ output_file }}"
`,
    });
    const { outputs, log, error } = await perform(root, "f", { start: 1 });
    expect(error).toBeUndefined();
    expect(outputs).toEqual({ total: 30, seen: "sum 3 step" });
    expect(log).toContain("inner=step level=step only=start-1");
    expect(log).toContain("exported=7 level=outer env=7");
  });

  it("hands on the outputs of the step it delegates to", async () => {
    const root = await aFolder({
      "f/func.yml": "spec: { outputs: delegate }\n---\nrun: [{ name: a, func: ./a }]\ndelegate: a\n",
      "f/a/func.yml": `spec: { outputs: { n: { type: number } } }\n---\nscript: |\n  ${answer("n", "4")}\n`,
    });
    expect((await perform(root, "f")).outputs).toEqual({ n: 4 });
  });

  it("gives each step an idempotency key of its own, the same at every attempt", async () => {
    const root = await aFolder({
      "f/func.yml":
        "spec:\n---\nrun: [{ name: a, func: ./g }, { name: b, script: echo $SLUICE_IDEMPOTENCY_KEY }]\n",
      "f/g/func.yml": "spec:\n---\nrun: [{ name: c, script: echo $SLUICE_IDEMPOTENCY_KEY }]\n",
      "h/func.yml": "spec:\n---\nscript: echo $SLUICE_IDEMPOTENCY_KEY\n",
    });
    const keys = async (dir: string) =>
      (await perform(root, dir)).log.split("\n").filter((line) => line.startsWith("key"));
    expect(await keys("f")).toEqual(["key/a/c", "key/b"]);
    expect(await keys("h")).toEqual(["key"]);
  });

  it("stops at the first step that fails", async () => {
    const root = await aFolder({
      "f/func.yml": "spec:\n---\nrun: [{ name: a, script: exit 2 }, { name: b, script: echo survived }]\n",
    });
    const { error, log } = await perform(root, "f");
    expect(error).toMatchObject({ code: "FunctionFailed", details: { exit_code: 2 } });
    expect(log).not.toContain("survived");
  });

  it("cannot call itself for ever, nor leave its root", async () => {
    const root = await aFolder({
      "f/func.yml": "spec:\n---\nrun: [{ name: again, func: . }]\n",
      "f/out/func.yml": "spec:\n---\nrun: [{ name: up, func: ../../../.. }]\n",
    });
    expect((await perform(root, "f")).error?.message).toContain("more than 16 deep");
    expect((await perform(root, "f/out")).error?.message).toContain("points outside");
  });
});

describe("secrets", () => {
  it("are told before anything runs, and so is what is made of them", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec: { inputs: { token: { type: string, sensitive: true }, config: { type: struct, sensitive: true } } }
---
env: { AUTH: "Bearer \${{ inputs.token }}" }
exec: { command: [echo, "\${{ inputs.config.key + 'x' }}"] }
`,
    });
    const { secrets } = await perform(root, "f", { token: "t0ken", config: { key: "k3y", other: [12345] } });
    expect(secrets).toEqual(expect.arrayContaining(["t0ken", "k3y", "12345", "Bearer t0ken", "k3yx"]));
  });

  it("stay secret through the steps of a list", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec: { inputs: { token: { type: string, sensitive: true } } }
---
run: [{ name: inner, func: ./inner, inputs: { text: "pre-\${{ inputs.token }}" } }]
`,
      "f/inner/func.yml": `
spec: { inputs: { text: { type: string } } }
---
exec: { command: ["true", "\${{ inputs.text + '!' }}"] }
`,
    });
    const { secrets } = await perform(root, "f", { token: "t0ken" });
    expect(secrets).toEqual(expect.arrayContaining(["pre-t0ken", "pre-t0ken!"]));
  });

  it("that the Function declares are told before it begins, and what comes out of them is called sensitive", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec:
  inputs: { token: { type: string, sensitive: true }, plain: { type: string } }
  outputs: { key: { type: struct, sensitive: true }, made: { type: string }, free: { type: string } }
---
run:
  - { name: inner, func: ./inner, inputs: { text: "\${{ inputs.token }}" } }
outputs: { key: { deep: 12345 }, made: "\${{ steps.inner.outputs.back }}", free: "\${{ inputs.plain }}" }
`,
      "f/inner/func.yml": `
spec: { inputs: { text: { type: string } }, outputs: { back: { type: string, sensitive: true } } }
---
exec: { command: [sh, -c, 'echo "{\\"name\\": \\"back\\", \\"value\\": \\"b4ck\\"}" >> "$0"', "\${{ output_file }}"] }
`,
    });
    let logWhenTold: string | undefined;
    const performed = await perform(
      root,
      "f",
      { token: "t0ken", plain: "pl4in" },
      {
        onSensitiveInputs: async (names) => {
          logWhenTold = names.join();
        },
      },
    );
    expect(logWhenTold).toBe("token");
    expect(performed).toMatchObject({ outputs: { key: { deep: 12345 }, made: "b4ck", free: "pl4in" } });
    expect(performed.sensitive).toEqual(["key", "made"]);
  });

  it("that only the call knows of stay secret, and make outputs that are", async () => {
    const root = await aFolder({
      "f/func.yml": `
spec: { inputs: { db: { type: struct } }, outputs: { url: { type: string }, host: { type: string } } }
---
run: [{ name: nothing, script: "true" }]
outputs: { url: "pg://\${{ inputs.db.password }}@x", host: "\${{ inputs.db.host }}" }
`,
    });
    const db = { password: "p4ss", host: "h0st" };
    const performed = await perform(root, "f", { db }, {}, ["db.password"]);
    expect(performed.secrets).toEqual(expect.arrayContaining(["p4ss", "pg://p4ss@x"]));
    expect(performed.secrets).not.toContain("h0st");
    expect(performed).toMatchObject({ sensitive: ["url"], told: [], outputs: { host: "h0st" } });
  });
});
