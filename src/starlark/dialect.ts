/** Which of the optional parts of the language a file may use. */
export interface Dialect {
  /** A function may call itself, directly or not. Default false. */
  readonly recursion: boolean;
  /** `while` loops. Default false. */
  readonly while: boolean;
  /** `if`, `for` and `while` outside functions. Default false. */
  readonly topLevelControl: boolean;
  /** A global may be bound more than once. Default false. */
  readonly globalReassign: boolean;
  /** The builtin `set`. Default true. */
  readonly set: boolean;
  /** `load` statements. Default true. */
  readonly load: boolean;
  /** Names bound by `load` are globals that others can load, not local to the file. Default false. */
  readonly loadBindsGlobally: boolean;
}

/** The dialect of workflow files. */
export const defaultDialect: Dialect = {
  recursion: false,
  while: false,
  topLevelControl: false,
  globalReassign: false,
  set: true,
  load: true,
  loadBindsGlobally: false,
};
