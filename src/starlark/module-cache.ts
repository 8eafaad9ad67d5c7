/**
 * Remembers programs and modules by a digest of all that they are made of, so that what has not changed is
 * neither compiled nor initialised again.
 *
 * A module is frozen once it is initialised, so any number of fibers may share it. One that is remembered does
 * not run again: it uses no budget, and prints nothing.
 */
import { sha256 } from "./digests.ts";
import type { Module } from "./module.ts";
import type { Program } from "./program.ts";

/** Hexadecimal SHA-256 of plain data. */
export function digestOf(data: unknown): string {
  const octets = sha256(new TextEncoder().encode(JSON.stringify(data)));
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

export class ModuleCache {
  private readonly programs: Recent<Program>;
  private readonly modules: Recent<Module>;
  /** Environments are told apart by their predeclared values, which are objects of the host. */
  private readonly environments = new WeakMap<object, number>();
  private environmentCount = 0;

  /** Keeps so many programs and so many modules, default 1000: those that were used last. */
  constructor(limit = 1000) {
    this.programs = new Recent(limit);
    this.modules = new Recent(limit);
  }

  /** The program with a digest; made, and remembered, when there is none. */
  program(digest: string, make: () => Program): Program {
    return this.programs.get(digest, make);
  }

  /** The module with a digest and predeclared values; made, and remembered, when there is none. */
  module(digest: string, predeclared: object | undefined, make: () => Module): Module {
    return this.modules.get(`${this.environmentOf(predeclared)} ${digest}`, make);
  }

  private environmentOf(predeclared: object | undefined): number {
    if (predeclared === undefined) return 0;
    const known = this.environments.get(predeclared);
    if (known !== undefined) return known;
    this.environmentCount++;
    this.environments.set(predeclared, this.environmentCount);
    return this.environmentCount;
  }
}

/** The values that were used last. */
class Recent<T> {
  /** The one that was not used for longest comes first. */
  private readonly values = new Map<string, T>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: string, make: () => T): T {
    const value = this.values.get(key) ?? make();
    this.values.delete(key);
    this.values.set(key, value);
    for (const oldest of this.values.keys()) {
      if (this.values.size <= this.limit) break;
      this.values.delete(oldest);
    }
    return value;
  }
}
