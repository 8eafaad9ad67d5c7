// What every actor has beside its own tables: one alarm, what is due at which time, and what is to be told to others.
import { Alarm } from "./alarm.ts";
import { applyMigrations, type Migrations } from "./migrations.ts";
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
