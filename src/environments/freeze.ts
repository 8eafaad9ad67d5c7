// Change freezes: windows in which nothing is to change, in force from `from` up to, but not including, `to`.
import type { z } from "zod";
import type { freezeSchema } from "../protocol/environment.ts";

export type Freeze = z.infer<typeof freezeSchema>;

/** What a freeze is told from others by: one whose begin is moved is another; its end and its reason may be changed. */
export function freezeId({ name, from }: Freeze): string {
  return `${name}/${Date.parse(from)}`;
}

/**
 * The freezes in force at `now` (ms since the epoch), those included that were `announced` as being in force: a clock that
 * has gone back since does not end them.
 */
export function freezesInForce(
  freezes: readonly Freeze[],
  now: number,
  announced: readonly Freeze[] = [],
): Freeze[] {
  return freezes.filter(
    (freeze) => now < Date.parse(freeze.to) && (Date.parse(freeze.from) <= now || isIn(announced, freeze)),
  );
}

/** When next a freeze begins or ends after `now`; undefined when none will. */
export function nextFreezeChange(freezes: readonly Freeze[], now: number): number | undefined {
  const changes = freezes
    .flatMap(({ from, to }) => [Date.parse(from), Date.parse(to)])
    .filter((at) => at > now);
  return changes.length > 0 ? Math.min(...changes) : undefined;
}

/**
 * What there is to say when `announced` were the freezes last said to be in force, and `inForce` are those that
 * now are.
 */
export function freezeNews(
  announced: readonly Freeze[],
  inForce: readonly Freeze[],
): { began: Freeze[]; ended: Freeze[] } {
  return {
    began: inForce.filter((freeze) => !isIn(announced, freeze)),
    ended: announced.filter((freeze) => !isIn(inForce, freeze)),
  };
}

function isIn(freezes: readonly Freeze[], one: Freeze): boolean {
  return freezes.some((freeze) => freezeId(freeze) === freezeId(one));
}

/** What is wrong with a list of freezes, as JSON pointers into it; empty when nothing is. */
export function freezeFaults(freezes: readonly Freeze[]): { pointer: string; message: string }[] {
  return freezes.flatMap(({ name, from, to }, index) => {
    const faults: { pointer: string; message: string }[] = [];
    if (Date.parse(from) >= Date.parse(to)) {
      faults.push({ pointer: `/freezes/${index}/to`, message: `the freeze "${name}" ends before it begins` });
    }
    if (freezes.findIndex((other) => other.name === name) < index) {
      faults.push({ pointer: `/freezes/${index}/name`, message: `there is another freeze called "${name}"` });
    }
    return faults;
  });
}
