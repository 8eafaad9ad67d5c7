// What a run says about itself while it goes: for people and other systems to read, never for its script.
import type { JsonValue } from "../protocol/json.ts";

/** `total` is undefined where the script does not know it. */
export interface RunProgress {
  done: number;
  total?: number;
}

export interface Annotations {
  status: string | undefined;
  progress: RunProgress | undefined;
  readonly labels: Map<string, string>;
  readonly outputs: Map<string, JsonValue>;
}

export function noAnnotations(): Annotations {
  return { status: undefined, progress: undefined, labels: new Map(), outputs: new Map() };
}
