// Who one is and what one may do: signing in and out, keys, roles.
import { beforeAll, expect, test } from "vitest";
import type { Approval } from "../../src/protocol/policy.ts";
import { eventually } from "../end-to-end/local-sluice.ts";
import { goTo } from "./browser.ts";
import { useSluice } from "./fixture.ts";
import { register, release, runOnce, send, tokenOf } from "./stories.ts";

const { sluice, signIn } = useSluice();

beforeAll(async () => {
  await register(sluice, "showcase");
});

test("a link signs in, also as somebody else, and leaves no token behind", async () => {
  const page = await signIn();
  expect(page.url()).toBe(`${sluice.url}/`);
  expect(await page.evaluate("document.cookie")).toBe("");
  const other = await tokenOf(sluice, "somebody-else", "viewer");
  await page.goto("about:blank");
  await page.goto(`${sluice.url}/runs#token=${other}`);
  await page.getByLabel("Account of somebody-else").waitFor();
  expect(page.url()).toBe(`${sluice.url}/runs`);
  await page.goto("about:blank");
  await page.goto(`${sluice.url}/#token=slc_not_a_token`);
  await page.getByRole("alert").getByText("This token is not known").waitFor();
});

test("a viewer is offered nothing that a viewer may not do, and is refused it", async () => {
  const held = await release(sluice);
  const shown = await send(sluice, "com.example.showcase", { title: "to look at" });
  await runOnce(sluice, held, ({ waitingFor }) => waitingFor.startsWith("held"));
  const token = await tokenOf(sluice, "looker", "viewer");
  const page = await signIn({ token });
  for (const address of [
    "approvals",
    "environments",
    `runs/${held}?command=0%234`,
    `runs/${shown}`,
    "events",
    "workflows/showcase",
  ]) {
    await goTo(page, `${sluice.url}/${address}`);
    const offered = page.getByRole("button", {
      name: /^(Approve|Deny|Send|Pause|Cancel|Terminate|Skip|Complete|Fail|Fork|Restart|Edit|New|Start)/,
    });
    expect(await offered.allTextContents(), address).toEqual([]);
  }
  await page.getByText("An operator or administrator").waitFor({ state: "detached" });
  const answers = await page.evaluate(
    async ([approval, run]) => {
      const post = async (path: string, body: unknown) => {
        const { status } = await fetch(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        return status;
      };
      return [
        await post(`/v1/approvals/${approval}`, { decision: "approve" }),
        await post(`/v1/runs/${run}/cancel`, {}),
        await post(`/v1/runs/${run}/operations`, { operation: { action: "pause" } }),
        await post(`/v1/runs/${run}/forks`, { command: "0#1" }),
      ];
    },
    [encodeURIComponent(`${held}/0#4/1`), held] as const,
  );
  expect(answers).toEqual([403, 403, 403, 403]);
});

test("an operator fills in a form, pauses, forks and completes by hand", async () => {
  const run = await send(sluice, "com.example.showcase", { title: "by hand" });
  const token = await tokenOf(sluice, "worker", "operator");
  const page = await signIn({ token });
  await goTo(page, `${sluice.url}/runs/${run}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Why").fill("lunch");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("paused by worker").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByText("paused by worker").waitFor({ state: "detached" });

  const form = page.getByRole("article", { name: "Form Release notes" });
  await form.getByLabel("What changes for users").fill("It is faster.");
  await form.getByLabel("Share of traffic").fill("7");
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByText("/values/share").waitFor();
  await form.getByLabel("Share of traffic").fill("0.5");
  await form.getByRole("button", { name: "Send" }).click();
  await form.waitFor({ state: "detached" });

  await page.getByRole("link", { name: /sleep 375 d/ }).click();
  await page.getByRole("button", { name: "Skip" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Skip" }).click();
  await page.getByText("skip by worker").first().waitFor();

  await page.getByRole("button", { name: "Fork from here" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Fork from here" }).click();
  await page.getByText("Fork of").waitFor();
  expect(page.url()).not.toContain(run);
});

test("goes everywhere by keyboard", async () => {
  const page = await signIn();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Environments" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to" }).fill("runners");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Runners" }).waitFor();
  // What nothing is called is searched for among all runs.
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to" }).fill("no-such-thing");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\?text=no-such-thing/);
  await page.getByText("No run matches").waitFor();
  // What a line of the script called is a button at its end.
  const run = await send(sluice, "com.example.showcase", { title: "by keyboard" });
  await goTo(page, `${sluice.url}/runs/${run}?tab=script`);
  const mark = page.locator(".code-mark").first();
  await mark.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Activity" }).waitFor();
});

test("what was asked first is found, however much was asked and decided after it", async () => {
  const held = await release(sluice);
  await runOnce(sluice, held, ({ waitingFor }) => waitingFor.startsWith("held"));
  const oldest = await eventually("the approval in the list", async () => {
    const { approvals } = await sluice.admin.get<{ approvals: Approval[] }>("/v1/approvals", {
      query: { state: "pending" },
    });
    return approvals.find(({ run }) => run === held);
  });
  const later = Array.from({ length: 200 }, (_, at) => ({
    ...oldest,
    id: `${held}/later/${at}`,
    run: "run_of_somebody_else",
  }));
  const decided = { ...oldest, id: `${held}/decided/1`, state: "denied", by: "long-ago" };
  const page = await signIn();
  await page.route("**/v1/overview", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), approvals: later } });
  });
  await page.route("**/v1/approvals?*", async (route) => {
    const { searchParams } = new URL(route.request().url());
    const rest = searchParams.get("state") === "pending" ? oldest : decided;
    const json = searchParams.has("cursor") ? { approvals: [rest] } : { approvals: later, next: "more" };
    await route.fulfill({ json });
  });
  await goTo(page, `${sluice.url}/approvals`);
  const cards = page.getByRole("article", { name: /^Approval of/ });
  await expect.poll(() => cards.count(), { timeout: 20_000 }).toBe(201);
  expect(await page.locator(`a[href*="${held}"]`).count()).toBeGreaterThan(0);
  expect(await page.getByText("denied").count()).toBe(0);
  await page.getByRole("button", { name: "Show earlier ones" }).click();
  await page.getByText("denied").first().waitFor();
  await goTo(page, `${sluice.url}/runs/${held}`);
  await page.getByRole("button", { name: "Approve" }).waitFor();
});
