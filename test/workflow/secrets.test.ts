import { describe, expect, it } from "vitest";
import type { CommandId } from "../../src/protocol/ids.ts";
import { MASK } from "../../src/protocol/mask.ts";
import { forkedRecords, type RunInput } from "../../src/workflow/index.ts";
import { MAX_LINE_LENGTH } from "../../src/workflow/limits.ts";
import { maskedStart } from "../../src/workflow/secrets/masked-effects.ts";
import { maskedRecord } from "../../src/workflow/secrets/masked-record.ts";
import { secretsOf } from "../../src/workflow/secrets/run-secrets.ts";
import { handlerOf, modes, type Script, ScriptedHost, sha256Hex } from "./scripted-host.ts";

describe.each(modes)("a run with secrets, $mode", ({ replayEveryTime }) => {
  const start = (body: string, script: Script = {}) => {
    const host = new ScriptedHost(handlerOf(body), { replayEveryTime, ...script });
    host.feed({ type: "start" });
    return host.goOn();
  };
  const held =
    (reasons: string[]): NonNullable<Script["policy"]> =>
    ({ approvals }) => ({ verdict: approvals.length === 0 ? "hold" : "execute", reasons });
  const shown = ({ machine }: ScriptedHost) =>
    JSON.stringify([machine.summary(), machine.activities(), machine.outputs(), machine.ending()]);
  const one = "0#1" as CommandId;

  it("gives a function what it shows to nobody", () => {
    const host = start(
      `
      w.run("example.com/f@v1", {"db": {"password": "pass-1234", "pin": 12}}, sensitive = ["db.password", "db.pin"])
      w.set_status("done with pass-1234")
      `,
      {
        policy: held(["pass-1234 looks odd"]),
        functions: () => ({ ok: {} }),
      },
    );
    const [job] = [...host.jobs.values()];
    expect(job?.job).toMatchObject({
      inputs: { db: { password: "pass-1234", pin: 12 } },
      sensitive: ["db.password", "db.pin"],
    });
    expect(host.machine.summary()).toMatchObject({ state: "succeeded", status: `done with ${MASK}` });
    expect(host.machine.activities()[0]?.inputs).toEqual({ db: { password: MASK, pin: MASK } });
    const [approval] = [...host.approvals.values()];
    expect(approval).toMatchObject({
      inputs: { db: { password: MASK, pin: MASK } },
      reasons: [`${MASK} looks odd`],
    });
    expect(shown(host)).not.toContain("pass-1234");
  });

  it("lets policy decide by what the function will get, and keeps of the question what may be seen", () => {
    const asked: unknown[] = [];
    const host = start('w.run("example.com/f@v1", {"app": "shop-prod"}, sensitive = ["app"])', {
      policy: (call) => {
        asked.push(call.inputs);
        return { verdict: "execute" };
      },
      functions: () => ({ ok: {} }),
    });
    expect(asked[0]).toEqual({ app: "shop-prod" });
    const masked = host.records.map((record) =>
      maskedRecord(record, secretsOf(host.start, host.records), sha256Hex),
    );
    expect(JSON.stringify(masked)).not.toContain("shop-prod");
    expect(JSON.stringify(host.records)).toContain("shop-prod");
  });

  it("hides what the catalog knows that the function calls sensitive before anybody is asked to approve", () => {
    const host = start('return w.run("example.com/f@v1", {"token": "t0ken-1", "app": "shop"})', {
      policy: () => ({ verdict: "hold", reasons: ["t0ken-1 is used"], sensitive: ["token", "other"] }),
      approve: () => "never",
    });
    expect([...host.approvals.values()]).toMatchObject([
      { inputs: { token: MASK, app: "shop" }, reasons: [`${MASK} is used`] },
    ]);
    expect(JSON.stringify([...host.emitted.values()])).not.toContain("t0ken-1");
    host.loseMemory();
    expect(host.machine.activities()[0]?.inputs).toEqual({ token: MASK, app: "shop" });
    expect(host.records.filter(({ type }) => type === "noted").slice(1, 3)).toMatchObject([
      { note: "inputs_sensitive", data: { inputs: ["token"] } },
      { note: "policy_decision" },
    ]);
    expect(host.learned).toEqual([]);
  });

  it("hides in an approval what the catalog has learned while it was open", () => {
    const host = start('w.run("example.com/f@v1", {"token": "t0ken-1", "app": "shop"})', {
      policy: ({ approvals }) =>
        approvals.length === 0
          ? { verdict: "hold", reasons: ["t0ken-1 is used"] }
          : { verdict: "execute", sensitive: ["token"] },
      functions: () => "never",
    });
    expect([...host.approvals.values()]).toMatchObject([
      { state: "approved", inputs: { token: MASK, app: "shop" }, reasons: [`${MASK} is used`] },
    ]);
  });

  it("hides from an approval what an earlier call's runner has said, before the catalog has heard of it", () => {
    const body = `
      w.run("example.com/f@v1", {"token": "t0ken-1"})
      w.run("example.com/f@v2", {"token": "t0ken-2", "app": "shop"})`;
    const host = start(body, {
      policy: ({ reference }) => ({ verdict: reference.endsWith("v1") ? "execute" : "hold" }),
      sensitiveInputs: (reference) => (reference.endsWith("v1") ? ["token"] : []),
      approve: () => "never",
    });
    expect([...host.approvals.values()]).toMatchObject([{ inputs: { token: MASK, app: "shop" } }]);
    host.loseMemory();
    expect(host.machine.activities()[1]?.inputs).toEqual({ token: MASK, app: "shop" });
  });

  it("hides what the function itself calls sensitive, from when its runner has said so", () => {
    const host = start('return w.run("example.com/f@v1", {"token": "t0ken-1"})', {
      policy: held([]),
      functions: () => "never",
    });
    const told = {
      type: "inputs_sensitive" as const,
      command: one,
      attempt: 1,
      inputs: ["token"],
    } satisfies RunInput;
    expect(host.feed(told).records).toHaveLength(1);
    expect(host.feed(told).records).toHaveLength(0);
    expect(host.feed({ ...told, inputs: ["token", "no-input-of-it"] }).records).toHaveLength(0);
    expect(host.learned).toEqual([
      { kind: "learn_sensitive", reference: "example.com/f@v1", inputs: ["token"] },
    ]);
    expect([...host.approvals.values()][0]?.inputs).toEqual({ token: MASK });
    host.loseMemory();
    expect(host.machine.activities()[0]?.inputs).toEqual({ token: MASK });
    host.feed({
      type: "job_finished",
      command: one,
      attempt: 1,
      outcome: { ok: { keys: [{ key: "k3y-1234", id: 1 }] } },
      cause: "completed",
      sensitive: ["keys.*.key"],
    });
    expect(host.machine.ending().output).toEqual({ keys: [{ key: MASK, id: 1 }] });
    expect(host.machine.activities()[0]?.outputs).toEqual({ keys: [{ key: MASK, id: 1 }] });
  });

  it("tells a child, and its parent, which of what they get is secret", () => {
    const host = start(
      `
      got = w.start("child", {"token": "t0ken-1", "text": "has t0ken-1", "plain": 1}, sensitive = ["token"])
      w.set_status(got["back"])
      fail(got["back"])
      `,
      { child: () => ({ state: "succeeded", output: { back: "b4ck-1234" }, sensitive: ["back"] }) },
    );
    const [child] = [...host.children.values()];
    expect(child?.event.data).toEqual({ token: "t0ken-1", text: "has t0ken-1", plain: 1 });
    expect(JSON.parse(String(child?.event.sluicesensitive))).toEqual(["token", "text"]);
    expect(host.machine.summary()).toMatchObject({ state: "failed", status: MASK });
    expect(shown(host)).not.toContain("b4ck-1234");
  });

  it.each([
    ['match = {"data.nonce": nonce, "data.shop": "search"}', true],
    ['match = {"data." + nonce: 1}', true],
    ["filter = 'event.data.nonce == \"' + nonce + '\"'", true],
    ['match = {"data.shop": "search"}, filter = "event.data.n > 1"', undefined],
  ])("says of a wait with %s whether a secret is asked for", (criteria, isSensitive) => {
    const host = start(`nonce = ev["data"]["nonce"]\nw.wait_for_event(type = "paid", ${criteria})`, {
      event: { data: { nonce: "n0nce-1234" }, sluicesensitive: '["nonce"]' },
    });
    const [wait] = [...host.waits.values()];
    expect(wait?.isSensitive).toBe(isSensitive);
  });

  it("keeps what an event that it waited for calls sensitive", () => {
    const host = start(
      `
      got = w.wait_for_event(type = "paid")
      w.set_status("paid with " + got["data"]["card"])
      octets = w.wait_for_event(type = "sealed")
      w.set_label("seal", octets["data_base64"])
      w.set_output("seal", str(base64.decode(octets["data_base64"])))
      fail(got["data"]["shop"])
      `,
      {
        events: ({ type }) =>
          type === "paid"
            ? { data: { card: "c4rd-1234", shop: "search" }, sluicesensitive: '["card"]' }
            : { data_base64: btoa("s34l-1234"), sluicesensitive: '[""]' },
      },
    );
    expect(host.machine.summary()).toMatchObject({
      status: `paid with ${MASK}`,
      labels: { seal: MASK },
      error: { message: "fail: search" },
    });
    expect(host.machine.activities()[0]?.outputs).toMatchObject({ data: { card: MASK, shop: "search" } });
    const masked = host.records.map((record) => maskedRecord(record, host.machine.secrets, sha256Hex));
    for (const secret of ["c4rd-1234", "s34l-1234", btoa("s34l-1234")])
      expect(shown(host) + JSON.stringify(masked)).not.toContain(secret);
  });

  it("keeps what an event calls sensitive that an operator has given it", () => {
    const host = start(
      'got = w.wait_for_event(type = "paid")\nw.set_status("paid with " + got["data"]["card"])\nfail(got["data"]["shop"])',
      { events: () => undefined },
    );
    const event = { specversion: "1.0", id: "e", source: "/by/hand", type: "paid" };
    const value = { ...event, data: { card: "c4rd-1234", shop: "search" }, sluicesensitive: '["card"]' };
    const operation = { action: "complete", command: one, value } as const;
    expect(host.feed({ type: "operate", operation, by: "olga", reason: "" }).refused).toBeUndefined();
    expect(host.machine.summary()).toMatchObject({
      status: `paid with ${MASK}`,
      error: { message: "fail: search" },
    });
    expect(host.machine.activities()[0]?.outputs).toMatchObject({ data: { card: MASK, shop: "search" } });
    const masked = host.records.map((record) => maskedRecord(record, host.machine.secrets, sha256Hex));
    expect(shown(host) + JSON.stringify(masked)).not.toContain("c4rd-1234");
  });

  it("that began with sensitive octets leaves neither them nor their text in its history", () => {
    const octets = btoa("0ctets-1234");
    const host = start('w.set_status(str(base64.decode(ev["data_base64"])))\nreturn ev["data_base64"]', {
      event: { data_base64: octets, sluicesensitive: '["token"]' },
    });
    expect(host.machine.summary().status).toBe(MASK);
    const history = [
      maskedStart(host.start, host.machine.secrets),
      ...host.records.map((record) => maskedRecord(record, host.machine.secrets, sha256Hex)),
    ];
    for (const secret of ["0ctets-1234", octets])
      expect(shown(host) + JSON.stringify(history)).not.toContain(secret);
    expect(history[0]).toMatchObject({ masked: true, event: { data_base64: "4oCi4oCi4oCi" } });
  });

  it("is told of a place that is not there, so that a slip of the pen shows nothing", () => {
    const host = start('w.run("example.com/f@v1", {"token": "t0ken-1"}, sensitive = ["tokn"])');
    expect(host.machine.summary().error).toMatchObject({
      code: "InvalidSensitive",
      message: expect.stringContaining('there is no "tokn"'),
    });
    expect(host.jobs.size).toBe(0);
  });

  it("is stuck without a word of its arguments, as a part of a secret or its digest would tell of it", () => {
    const call = (token: string, more = "") =>
      handlerOf(
        `w.run("example.com/f@v1", {"a": "${"x".repeat(150)}", "token": "${token}"${more}}, sensitive = ["token"])`,
      );
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0";
    const host = new ScriptedHost(call(token), { replayEveryTime, functions: () => "never" });
    host.feed({ type: "start" });
    const { digest } = host.records.find((record) => record.type === "scheduled") as { digest: string };
    host.workflow = call(token, ', "b": 1');
    host.loseMemory();
    host.feed({ type: "resume" });
    const { state, error } = host.machine.summary();
    expect(state).toBe("stuck");
    expect(error?.message).toContain(
      `the journal has run "example.com/f@v1" ${MASK} as command 0#1, the script calls run "example.com/f@v1" ${MASK} at`,
    );
    expect(error?.details).toMatchObject({ expected: { command: one }, got: { command: one } });
    const told = `${shown(host)}${JSON.stringify([...host.emitted.values()])}${JSON.stringify(host.machine.stuck)}`;
    expect(told).not.toContain("eyJh");
    expect(told).not.toContain(digest);
  });

  it("is stuck without a word of arguments that only the script calls sensitive, and not yet the journal", () => {
    const host = new ScriptedHost(handlerOf("w.sleep(hours = 1)"), { replayEveryTime });
    host.feed({ type: "start" });
    host.workflow = handlerOf('w.run("example.com/f@v1", {"token": "t0ken-1"}, sensitive = ["token"])');
    host.loseMemory();
    host.feed({ type: "resume" });
    expect(host.machine.summary().error?.message).toContain(
      `the script calls run "example.com/f@v1" ${MASK} at`,
    );
    expect(shown(host)).not.toContain("t0ken-1");
    expect(host.machine.summary().error?.details?.got).not.toHaveProperty("digest");
  });

  it("masks an error before a summary cuts it", () => {
    const host = start(
      `
      w.run("example.com/f@v1", {"token": "t0ken-abc-def"}, sensitive = ["token"])
      fail("${"x".repeat(1990)} t0ken-abc-def and more")
      `,
      { functions: () => ({ ok: {} }) },
    );
    const message = host.machine.summary().error?.message ?? "";
    expect(message).toMatch(/x •••/);
    expect(message).not.toContain("t0k");
  });

  it("masks what is left of a secret where a line of the log was cut", () => {
    const host = start(
      `
      w.run("example.com/f@v1", {"token": "t0ken-abc-def"}, sensitive = ["token"])
      print("x" * ${MAX_LINE_LENGTH - 8} + "t0ken-abc-def")
      `,
      { functions: () => ({ ok: {} }) },
    );
    expect(host.log.join("")).toContain(`x${MASK}…`);
  });

  it.each(["before", "after"])(
    "has what a runner has called sensitive also when it is forked, said %s that",
    (said) => {
      const script: Script = { replayEveryTime, functions: () => "never" };
      const body = `
      w.spawn(lambda: w.run("example.com/f@v1", {"token": "t0ken-1"}))
      w.sleep(minutes = 1)
      w.run("example.com/g@v1", {})
      `;
      const host = new ScriptedHost(handlerOf(body), script);
      host.feed({ type: "start" });
      host.settle();
      const [job] = [...host.jobs.values()];
      const command = job?.job.command as CommandId;
      const tell = () => host.feed({ type: "inputs_sensitive", command, attempt: 1, inputs: ["token"] });
      if (said === "before") tell();
      host.fireNextTimer();
      host.settle();
      if (said === "after") tell();
      const origin = { run: host.start.id, digest: "d", by: "olivia", reason: "" };
      const last = host.records.findLast((record) => record.type === "scheduled");
      const forked = forkedRecords(host.records, last?.command as CommandId, origin, host.now);
      if (!forked.ok) throw new Error(forked.error.message);
      const fork = new ScriptedHost(host.workflow, script);
      fork.records.push(...structuredClone(forked.value));
      fork.feed({ type: "begin_again" });
      fork.settle();
      expect([...fork.jobs.values()].map(({ job }) => job.command)).toEqual([command, last?.command]);
      expect(fork.machine.activities().find((activity) => activity.command === command)?.inputs).toEqual({
        token: MASK,
      });
    },
  );

  it("has none of its own making: nothing is masked without a sensitive place", () => {
    const host = start('w.set_status("token t0ken-1")\nreturn {"token": "t0ken-1"}');
    expect(host.machine.secrets.isEmpty).toBe(true);
    expect(host.machine.ending().output).toEqual({ token: "t0ken-1" });
  });
});
