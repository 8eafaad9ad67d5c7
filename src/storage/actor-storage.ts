// What every actor has beside its own tables: one alarm, what is due at which time, and what is to be told to others.
import { Alarm } from "./alarm.ts";
import { applyMigrations, hasTables, type Migrations } from "./migrations.ts";
import { type Deliver, type OnDelivered, Outbox } from "./outbox.ts";
import { Timers } from "./timers.ts";

export interface ActorStorage {
  alarm: Alarm;
  timers: Timers;
  outbox: Outbox;
}

/** Opens an actor's timers and outbox on its one alarm. Reads nothing: the tables may still be missing. */
export function openActorStorage(
  storage: DurableObjectStorage,
  messages: { deliver: Deliver; onDelivered?: OnDelivered },
): ActorStorage {
  const { sql } = storage;
  const alarm = new Alarm(storage);
  return { alarm, timers: new Timers(sql, alarm), outbox: new Outbox({ sql, alarm, ...messages }) };
}

/** Creates or updates an actor's tables. Answers whether it is new: then nothing in them need be looked for. */
export function prepareTables(
  storage: DurableObjectStorage,
  { alarm, outbox }: Pick<ActorStorage, "alarm" | "outbox">,
  migrations: Migrations,
): boolean {
  const isNew = applyMigrations(storage, migrations);
  if (isNew) {
    alarm.isOfNewObject();
    outbox.isOfNewObject();
  }
  return isNew;
}

/**
 * The tables of an actor that anybody may ask for by a name: it gets them with its first write, so that one that was only
 * asked for keeps nothing, not even empty tables.
 */
export class TablesOnDemand {
  readonly #storage: DurableObjectStorage;
  readonly #actor: Pick<ActorStorage, "alarm" | "outbox">;
  readonly #migrations: Migrations;
  #exist: boolean;

  constructor(
    ctx: DurableObjectState,
    actor: Pick<ActorStorage, "alarm" | "outbox">,
    migrations: Migrations,
  ) {
    this.#storage = ctx.storage;
    this.#actor = actor;
    this.#migrations = migrations;
    this.#exist = hasTables(ctx.storage.sql);
    if (this.#exist) {
      ctx.blockConcurrencyWhile(async () => void prepareTables(this.#storage, actor, migrations));
    }
  }

  /** False until something has been written: there is nothing to read then, nor where to read it. */
  get exist(): boolean {
    return this.#exist;
  }

  /** Writes all or nothing, the tables included. */
  transaction<T>(write: () => T): T {
    const written = this.#actor.alarm.transaction(() => {
      if (!this.#exist) prepareTables(this.#storage, this.#actor, this.#migrations);
      return write();
    });
    this.#exist = true;
    return written;
  }
}
