// The globals that a Worker finds, on simulated time and chance. The bundle of the actors is built with these in the
// place of the real ones, so that the code under test is the code that is deployed.

export interface Platform {
  now(): number;
  setTimeout(act: () => void, ms: number): number;
  clearTimeout(id: number): void;
  bytes(count: number): Uint8Array<ArrayBuffer>;
  log(level: string, entry: unknown): void;
}

let platform: Platform | undefined;

/** Sets what time and chance the actors have from now on. */
export function usePlatform(used: Platform): void {
  platform = used;
}

function current(): Platform {
  if (!platform) throw new Error("an actor did something outside of a simulation");
  return platform;
}

const RealDate = globalThis.Date;

class SimulatedDate extends RealDate {
  constructor(...args: [] | [string | number]) {
    if (args.length === 0) super(current().now());
    else super(...args);
  }

  static override now(): number {
    return current().now();
  }
}

const simulatedSetTimeout = (act: () => void, ms = 0): number => current().setTimeout(act, ms);
const simulatedClearTimeout = (id: number | null | undefined): void => {
  if (id !== null && id !== undefined) current().clearTimeout(id);
};

const simulatedCrypto = {
  getRandomValues<T extends Uint8Array>(array: T): T {
    array.set(current().bytes(array.length));
    return array;
  },
  randomUUID(): string {
    const hex = Array.from(current().bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
  },
};

const log = (level: string) => (entry: unknown) => current().log(level, entry);
const simulatedConsole = {
  error: log("error"),
  warn: log("warn"),
  info: log("info"),
  log: log("log"),
  debug: log("debug"),
};

/** There are no sockets in a simulation. */
class SocketAutoResponse {}

export {
  SimulatedDate as Date,
  SocketAutoResponse as WebSocketRequestResponsePair,
  simulatedClearTimeout as clearTimeout,
  simulatedConsole as console,
  simulatedCrypto as crypto,
  simulatedSetTimeout as setTimeout,
};
