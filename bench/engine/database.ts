/** What an object keeps: the statements that make its tables and indices, and their rows. */
export interface Database {
  schema: string[];
  rows: { table: string; values: (ArrayBuffer | string | number | null)[] }[];
}
