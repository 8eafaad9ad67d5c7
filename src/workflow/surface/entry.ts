// What the surface of workflow files is documented with: the texts, and what the signatures do not say.

/** What an argument has to be beyond its kind. The checker holds arguments that are spelt out to it. */
export type Meaning =
  | "duration"
  | "moment"
  | "function-reference"
  | "event-type"
  | "event-filter"
  | "event-key"
  | "retry"
  | "places"
  | "handler";

export interface ParameterEntry {
  /** Begins with a capital letter and ends with a full stop. */
  doc: string;
  /** What counts where the argument is left out, as it would be written. */
  default?: string;
  meaning?: Meaning;
  /** The only texts it may be. */
  choices?: readonly string[];
}

/** One function of the surface. Its parameters' order, kinds and forms are the signature's. */
export interface FunctionEntry {
  /** One sentence: what it does. */
  summary: string;
  /** What else there is to know. */
  details?: string;
  /** One per parameter of the signature, the rest (`*args`, `**kwargs`) under its name with the stars. */
  parameters?: Readonly<Record<string, ParameterEntry | string>>;
  /** What the call gives back. Absent where that is always None. */
  returns?: string;
  /** Calls that do not use the result make no sense. */
  isPure?: boolean;
  /** At least one of its parameters has to be given, though none is required. */
  needsOne?: boolean;
  /** The callable it is given, with the arguments after it, is called: `w.spawn(fn, *args, **kwargs)`. */
  forwardsCall?: boolean;
}
