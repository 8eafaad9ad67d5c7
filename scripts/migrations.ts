// Generates each actor's migrations from its schema (`npm run migrations`), or, with --check, fails when a
// schema has changes that no migration carries. For actors of which there are very many, also the schema that all
// migrations lead to, which new objects start with.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";

const schemas = "src/storage/schema";
const actors = readdirSync(schemas)
  .filter((file) => file.endsWith(".ts") && file !== "shared.ts")
  .map((file) => file.replace(/\.ts$/, ""));

/** What drizzle-kit says when it is done. */
const finishes = ["No schema changes", "Your SQL migration file"];

const withHead = new Set(["workflow-run"]);

function generate(actor: string, out: string): void {
  const said = execFileSync(
    "drizzle-kit",
    [
      "generate",
      "--dialect=sqlite",
      "--driver=durable-sqlite",
      `--schema=${schemas}/${actor}.ts`,
      `--out=${out}`,
    ],
    { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" },
  );
  // A schema that cannot be read ends it with the exit code of a success.
  if (!finishes.some((text) => said.includes(text))) {
    throw new Error(`drizzle-kit has not come to an end with ${schemas}/${actor}.ts:\n${said}`);
  }
  if (withHead.has(actor)) writeFileSync(join(out, "head.sql"), headOf(out));
}

/** The schema after all migrations of a folder. */
function headOf(folder: string): string {
  const journal = JSON.parse(readFileSync(join(folder, "meta", "_journal.json"), "utf8")) as {
    entries: { tag: string }[];
  };
  const database = new DatabaseSync(":memory:");
  for (const { tag } of journal.entries) database.exec(readFileSync(join(folder, `${tag}.sql`), "utf8"));
  const statements = database
    .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all() as { sql: string }[];
  database.close();
  return `${statements.map(({ sql }) => sql).join(";\n")}\n`;
}

function files(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path), readFileSync(path, "utf8")];
      }),
  );
}

let stale = 0;
for (const actor of actors) {
  const kept = join("migrations", actor);
  if (!process.argv.includes("--check")) {
    generate(actor, kept);
    continue;
  }
  const copy = mkdtempSync(join(tmpdir(), "sluice-migrations-"));
  try {
    if (existsSync(kept)) cpSync(kept, copy, { recursive: true });
    generate(actor, relative(process.cwd(), copy));
    const before = files(kept);
    const changed = [...files(copy)]
      .filter(([name, text]) => before.get(name) !== text)
      .map(([name]) => name);
    if (changed.length > 0) {
      stale += 1;
      console.error(
        `${schemas}/${actor}.ts changed without its migration (${changed.join(", ")}): npm run migrations`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}
if (stale > 0) process.exit(1);
console.log(
  process.argv.includes("--check") ? "Migrations match their schemas." : `Generated ${actors.join(", ")}.`,
);
