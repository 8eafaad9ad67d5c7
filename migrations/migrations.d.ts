// drizzle-kit writes each actor's migrations.js without types.
declare module "*/migrations.js" {
  const migrations: {
    journal: { entries: { idx: number; when: number; tag: string; breakpoints: boolean }[] };
    migrations: Record<string, string>;
  };
  export default migrations;
}

declare module "*/head.sql" {
  const sql: string;
  export default sql;
}
