// What the commands for tokens ask for, and what they show.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { serverWith } from "./server-with.ts";
import { toldBy } from "./told-by.ts";

const token = (url: string, ...args: string[]) => toldBy(["token", ...args, "--url", url, "--token", "t"]);

test("sluice token create --tag makes a token for no other tags; without it, one for any", async () => {
  const { url, asked } = await serverWith([1, 2].map(() => ({ status: 201, body: { token: "slc_x" } })));
  const create = ["create", "--subject", "stage-1", "--role", "runner"];
  await token(url, ...create, "--tag", "staging", "--tag", "eu");
  await token(url, ...create);
  expect(asked.map(({ body }) => body)).toEqual([
    { subject: "stage-1", role: "runner", tags: ["staging", "eu"] },
    { subject: "stage-1", role: "runner" },
  ]);
});

test("sluice token list shows the tags that a token is for", async () => {
  const one = { id: "t1", subject: "stage-1", role: "runner", createdAt: 0 };
  const { url } = await serverWith([
    {
      status: 200,
      body: {
        tokens: [
          { ...one, tags: ["staging", "eu"] },
          { ...one, id: "t2" },
        ],
      },
    },
  ]);
  const lines = stripVTControlCharacters((await token(url, "list")).stdout).split("\n");
  expect(lines[1]).toMatch(/^t1 +stage-1 +runner +staging, eu +1970-01-01 *$/);
  expect(lines[2]).toMatch(/^t2 +stage-1 +runner +1970-01-01 *$/);
});
