// The storage of one Durable Object, on SQLite in memory, with the platform's promise about power cuts: what one
// turn wrote is there whole or not at all.
//
// 1. Writes since the last `commit` are one transaction, alarm included; `lose` takes them back.
// 2. `onWrite` is called at the first of them.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

type Row = Record<string, unknown>;

/** What `SqlStorageCursor` promises, as far as an actor may use it. */
class Cursor {
  readonly rowsWritten: number;
  readonly #rows: unknown[][];
  readonly #columns: readonly string[];

  constructor(rows: unknown[][], columns: readonly string[], rowsWritten: number) {
    this.#rows = rows;
    this.#columns = columns;
    this.rowsWritten = rowsWritten;
  }

  toArray(): Row[] {
    return this.#rows.map((values) => rowOf(this.#columns, values));
  }

  one(): Row {
    const [values] = this.#rows;
    if (values === undefined || this.#rows.length > 1) {
      throw new Error(`Expected exactly one result from SQL query, but got ${this.#rows.length}`);
    }
    return rowOf(this.#columns, values);
  }

  raw(): Iterator<unknown[]> {
    return this.#rows[Symbol.iterator]();
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.toArray()[Symbol.iterator]();
  }
}

/** Quicker than what SQLite makes of a row: objects that have no shape in common. */
function rowOf(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Row = {};
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ""] = values[index];
  return row;
}

/** What the text of a statement says of it. */
interface Reading {
  isRead: boolean;
  columns: readonly string[];
  /** It may change what the actor is to be woken for. */
  isDuty: boolean;
}

/** What was found out about statements by their texts: the disks of actors of one kind have the same tables. */
export type Readings = Map<string, Reading>;

interface Prepared extends Reading {
  statement: StatementSync;
}

/** Where actors keep what is to be done later. */
const DUTIES = /\b(timers|outbox)\b/;

export class Disk {
  readonly #db = new DatabaseSync(":memory:");
  readonly #begins = this.#db.prepare("BEGIN");
  readonly #commits = this.#db.prepare("COMMIT");
  readonly #prepared = new Map<string, Prepared>();
  readonly #onWrite: () => void;
  readonly #readings: Readings;
  /**
   * Tables that were looked for, and whether they are there: until some are made or dropped, or may have been taken back.
   */
  readonly #tables = new Map<string, boolean>();
  #hasNewDuties = false;
  #alarm: number | null = null;
  #durableAlarm: number | null = null;
  #isOpen = false;
  #depth = 0;

  constructor(onWrite: () => void, readings: Readings) {
    this.#onWrite = onWrite;
    this.#readings = readings;
  }

  /** The alarm that survives a power cut. */
  get durableAlarm(): number | null {
    return this.#durableAlarm;
  }

  /** There are writes that a power cut would take. */
  get isDirty(): boolean {
    return this.#isOpen;
  }

  commit(): void {
    if (!this.#isOpen) return;
    this.#commits.run();
    this.#isOpen = false;
    this.#durableAlarm = this.#alarm;
  }

  lose(): void {
    if (!this.#isOpen) return;
    this.#db.exec("ROLLBACK");
    this.#isOpen = false;
    this.#tables.clear();
    this.#alarm = this.#durableAlarm;
  }

  /** Whether timers, messages or the alarm may have changed since this was last asked. */
  takeNewDuties(): boolean {
    const hasNew = this.#hasNewDuties;
    this.#hasNewDuties = false;
    return hasNew;
  }

  /** The platform clears the alarm before it calls the handler. */
  clearAlarm(): void {
    this.#alarm = null;
    this.#hasNewDuties = true;
    if (!this.#isOpen) this.#durableAlarm = null;
  }

  /** Reads without being noticed: for those who watch. */
  read<T>(query: string, ...bindings: SQLInputValue[]): T[] {
    const { statement, columns } = this.#prepared.get(query) ?? this.#prepare(query) ?? refuseScript(query);
    return rowsOf(statement, bindings).map((values) => rowOf(columns, values)) as T[];
  }

  hasTable(name: string): boolean {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const exists = this.read("SELECT 1 FROM sqlite_master WHERE name = ?", name).length > 0;
    this.#tables.set(name, exists);
    return exists;
  }

  close(): void {
    this.#db.close();
  }

  /** What an actor gets as `ctx.storage`; `isAlive` turns false with its instance. */
  storageFor(isAlive: () => boolean): unknown {
    const alive = <Args extends unknown[], T>(act: (...args: Args) => T) => {
      return (...args: Args): T => {
        if (!isAlive()) throw new Error("this instance has lost its power");
        return act(...args);
      };
    };
    return {
      sql: { exec: alive((query: string, ...bindings: unknown[]) => this.#exec(query, bindings)) },
      transactionSync: alive(<T>(body: () => T) => this.#transaction(body)),
      setAlarm: alive(async (at: number | Date) => this.#setAlarm(Number(at))),
      deleteAlarm: alive(async () => this.#setAlarm(null)),
      getAlarm: alive(async () => this.#alarm),
      deleteAll: alive(async () => this.#deleteAll()),
      sync: async () => {},
    };
  }

  #exec(query: string, bindings: unknown[]): Cursor {
    const prepared = this.#prepared.get(query) ?? this.#prepare(query);
    if (!prepared) {
      this.#begin();
      this.#schemaChanges();
      this.#db.exec(query);
      return new Cursor([], [], 1);
    }
    const { statement, isRead, columns, isDuty } = prepared;
    const values = bindings.map(bindable);
    if (isRead) return new Cursor(rowsOf(statement, values), columns, 0);
    this.#begin();
    if (isDuty) this.#hasNewDuties = true;
    if (columns.length === 0) return new Cursor([], [], Number(statement.run(...values).changes));
    const rows = rowsOf(statement, values);
    return new Cursor(rows, columns, rows.length);
  }

  /** Undefined for what makes and drops tables, and for several statements in one text: migrations. */
  #prepare(query: string): Prepared | undefined {
    const known = this.#readings.get(query);
    if (!known && /;\s*\S|^\s*(CREATE|ALTER|DROP)\b/i.test(query)) return undefined;
    const statement = this.#db.prepare(query);
    statement.setReturnArrays(true);
    const reading = known ?? readingOf(query, statement);
    this.#readings.set(query, reading);
    const prepared = { statement, ...reading };
    this.#prepared.set(query, prepared);
    return prepared;
  }

  #transaction<T>(body: () => T): T {
    this.#begin();
    const savepoint = `s${this.#depth}`;
    this.#db.exec(`SAVEPOINT ${savepoint}`);
    this.#depth += 1;
    try {
      const result = body();
      this.#db.exec(`RELEASE ${savepoint}`);
      return result;
    } catch (error) {
      this.#db.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
      this.#tables.clear();
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  #setAlarm(at: number | null): void {
    this.#begin();
    this.#hasNewDuties = true;
    this.#alarm = at;
  }

  #deleteAll(): void {
    this.#begin();
    for (const { name } of this.read<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )) {
      this.#db.exec(`DROP TABLE "${name}"`);
    }
    this.#prepared.clear();
    this.#schemaChanges();
    this.#alarm = null;
  }

  #schemaChanges(): void {
    this.#tables.clear();
    this.#hasNewDuties = true;
  }

  #begin(): void {
    if (this.#isOpen) return;
    this.#begins.run();
    this.#isOpen = true;
    this.#onWrite();
  }
}

function readingOf(query: string, statement: StatementSync): Reading {
  return {
    isRead: /^\s*(SELECT|WITH)\b/i.test(query) && !/\b(INSERT|UPDATE|DELETE)\b/i.test(query),
    columns: statement.columns().map(({ name }) => name),
    isDuty: DUTIES.test(query),
  };
}

function rowsOf(statement: StatementSync, values: SQLInputValue[]): unknown[][] {
  return statement.all(...values) as unknown as unknown[][];
}

function refuseScript(query: string): never {
  throw new Error(`only one statement can be read at a time: ${query}`);
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  // As the platform has it: a boolean binds as a text.
  if (typeof value === "boolean") return String(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite cannot bind a ${typeof value}`);
}
