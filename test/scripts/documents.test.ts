import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { refusals } from "../../src/http/refusals.ts";

const root = join(import.meta.dirname, "..", "..");

test("docs/errors.md says of every refusal what the API's own page says", () => {
  const rows = [
    ...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(
      /^\| <a id="(\w+)"><\/a>`\w+` \| (\d+) \| (.*) \|$/gm,
    ),
  ];
  const documented = Object.fromEntries(
    rows.map(([, code = "", status, means]) => [code, { status: Number(status), means }]),
  );
  expect(documented).toEqual(refusals);
});

test("every link between documents leads somewhere", () => {
  const broken = globSync(["*.md", "docs/**/*.md"], { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(file), target)))
      .map((target) => `${file} → ${target}`),
  );
  expect(broken).toEqual([]);
});
