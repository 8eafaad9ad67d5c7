// What is secret in a run: a fold of its journal, so that every host and every replay comes to the same.
//
// 1. A place is sensitive because the script says so, or a form asks for a secret, or the function's runner says so, or
//    an event does that started the run or that it waited for. What was found there is a secret of the run from then on,
//    wherever it shows up.
// 2. The engine and its effects work with the true values. Whatever leaves the run for people or for other actors is
//    masked (masked-record.ts, masked-views.ts, masked-effects.ts), at the time it leaves.
import { placesInEvent } from "../../events/sensitive-data.ts";
import type { CloudEvent } from "../../protocol/cloud-event.ts";
import type { FormField } from "../../protocol/form.ts";
import type { CommandId } from "../../protocol/ids.ts";
import type { JournalRecord, NotedRecord, ScheduledRecord } from "../../protocol/journal.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { MASK, Mask } from "../../protocol/mask.ts";
import { type Place, parsePlace, replacedAt, valuesAt } from "../../protocol/place.ts";
import { decodeValue, toJson } from "../../starlark/index.ts";

/** Of one command: in its arguments as they are journaled, and in what it returns. */
interface CommandPlaces {
  args: Place[];
  outcome: Place[];
}

/** The mask, in UTF-8 and base64. */
const MASKED_OCTETS = btoa(String.fromCharCode(...new TextEncoder().encode(MASK)));

function isOctets(place: Place): boolean {
  return place.at(-1) === "data_base64";
}

/** The text that is written as base64; null where there is none. */
function textIn(octets: JsonValue): string | null {
  try {
    const read = Uint8Array.from(atob(String(octets)), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(read);
  } catch {
    return null;
  }
}

const NONE: CommandPlaces = { args: [], outcome: [] };

export class RunSecrets {
  readonly mask = new Mask();
  readonly #places = new Map<CommandId, CommandPlaces>();
  readonly #argsOf: (command: CommandId) => JsonValue;
  readonly #startPlaces: readonly Place[];

  /** `argsOf` gives the arguments of a command that was scheduled. */
  constructor({ event }: { event: CloudEvent }, argsOf: (command: CommandId) => JsonValue) {
    this.#argsOf = argsOf;
    this.#startPlaces = placesInEvent(event).map(parsePlace);
    this.#learn(event as JsonValue, this.#startPlaces);
  }

  /** There is nothing to mask. */
  get isEmpty(): boolean {
    return this.mask.isEmpty && this.#places.size === 0 && this.#startPlaces.length === 0;
  }

  apply(record: JournalRecord): void {
    switch (record.type) {
      case "scheduled":
        this.#scheduled(record);
        break;
      case "completed": {
        const { command, outcome } = record;
        for (const place of record.sensitive ?? []) this.#of(command).outcome.push(parsePlace(place));
        const places = this.#places.get(command)?.outcome ?? [];
        if (places.length === 0 || !("ok" in outcome)) break;
        const value = toJson(decodeValue(outcome.ok));
        this.#learn(value, places);
        break;
      }
      case "noted":
        if (record.note === "inputs_sensitive") this.#inputsSensitive(record);
        break;
    }
  }

  #scheduled({ command, kind, args: given }: ScheduledRecord): void {
    const args = given as JsonObject & { sensitive?: string[]; fields?: FormField[]; signed?: boolean };
    if (kind === "form") {
      const secret = args.fields?.filter(({ type }) => type === "secret") ?? [];
      const inside = args.signed === true ? ["values"] : [];
      for (const { name } of secret) this.#of(command).outcome.push([...inside, name]);
    } else if (args.sensitive !== undefined) {
      const side = kind === "start" ? "input" : "inputs";
      for (const place of args.sensitive) this.#learnArgument(command, args, [side, ...parsePlace(place)]);
    }
  }

  #inputsSensitive({ command, data }: NotedRecord): void {
    if (command === undefined) return;
    const args = this.#argsOf(command);
    for (const name of data.inputs as string[]) this.#learnArgument(command, args, ["inputs", name]);
  }

  #learnArgument(command: CommandId, args: JsonValue, place: Place): void {
    this.#of(command).args.push(place);
    this.#learn(args, [place]);
  }

  #learn(value: JsonValue, places: readonly Place[]): void {
    for (const secret of valuesAt(value, places)) this.mask.add(secret);
    // Scripts read the text in it.
    for (const octets of valuesAt(value, places.filter(isOctets))) this.mask.add(textIn(octets));
  }

  #of(command: CommandId): CommandPlaces {
    const known = this.#places.get(command);
    if (known) return known;
    const places: CommandPlaces = { args: [], outcome: [] };
    this.#places.set(command, places);
    return places;
  }

  /** Sensitive places of the command's `inputs`, or `input`. */
  inputPlaces(command: CommandId): Place[] {
    return (this.#places.get(command)?.args ?? []).map((place) => place.slice(1));
  }

  /**
   * What the event that started the run brought, as people may see it. Its octets stay base64, so that a replay can read
   * them.
   */
  startContent({ data, data_base64: octets }: CloudEvent): Pick<CloudEvent, "data" | "data_base64"> {
    const isShown =
      octets === undefined || (this.#startPlaces.length === 0 && this.mask.text(octets) === octets);
    const places = this.#startPlaces.filter(([member]) => member === "data").map(([_, ...inside]) => inside);
    return {
      ...(data === undefined ? {} : { data: this.#at(data, places) }),
      ...(isShown ? {} : { data_base64: MASKED_OCTETS }),
    };
  }

  /** A command's arguments as people may see them. */
  args<T extends JsonValue>(command: CommandId, args: T): T {
    return this.#at(args, (this.#places.get(command) ?? NONE).args);
  }

  /** A run command's inputs as people may see them. */
  inputs<T extends JsonValue>(command: CommandId, inputs: T): T {
    return this.#at(inputs, this.inputPlaces(command));
  }

  /** What a command returned as people may see it. */
  outcome<T extends JsonValue>(command: CommandId, value: T): T {
    return this.#at(value, (this.#places.get(command) ?? NONE).outcome);
  }

  error<E extends { code: string; message: string; details?: JsonObject | undefined }>(error: E): E {
    const { code, message, details } = error;
    return {
      ...error,
      code: this.mask.text(code),
      message: this.mask.text(message),
      ...(details === undefined ? {} : { details: this.mask.value(details) }),
    };
  }

  #at<T extends JsonValue>(value: T, places: readonly Place[]): T {
    return this.mask.value(replacedAt(value, places, MASK) as T);
  }
}

/** The same for a journal whose engine does not start. */
export function secretsOf(start: { event: CloudEvent }, records: readonly JournalRecord[]): RunSecrets {
  const args = new Map<CommandId, JsonValue>();
  const secrets = new RunSecrets(start, (command) => args.get(command) ?? {});
  for (const record of records) {
    if (record.type === "scheduled") args.set(record.command, record.args);
    secrets.apply(record);
  }
  return secrets;
}
