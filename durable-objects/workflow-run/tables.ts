// The tables of a run: as they are now for one that begins, by the migrations it misses for an older one.
import head from "../../migrations/workflow-run/head.sql";
import migrations from "../../migrations/workflow-run/migrations.js";
import type { Migrations } from "../../src/storage/migrations.ts";

export const tables = { ...migrations, head } satisfies Migrations;
