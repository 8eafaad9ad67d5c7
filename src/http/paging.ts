// Pages of lists that are newest first: how much is on one, and where the following one begins.
import { z } from "@hono/zod-openapi";
import { pageOf as positionedPageOf } from "../../durable-objects/page.ts";
import type { Position } from "../../durable-objects/rpc/position.ts";
import { ProblemException } from "./problem.ts";

const positionSchema = z.tuple([z.number().int(), z.string()]);

/** How much a page holds: at most `most`, and `usual` where the request does not say. */
export function limitSchema(most: number, usual: number) {
  return z.coerce.number().int().min(1).max(most).default(usual);
}

const NEXT = "`next` of the page before";
/** Where the page begins: a text that only a page gives out, … */
export const cursorSchema = z.string().max(500).optional().describe(NEXT);
/** … or a number that the list is ordered by. */
export const beforeSchema = z.coerce.number().int().optional().describe(NEXT);

/** The cursor of the page that begins there; none after the last page. */
export function encodeCursor(position: Position | undefined): string | undefined {
  return position && btoa(JSON.stringify([position.createdAt, position.id]));
}

/** The same page as `pageOf` of the actors makes, whose `next` is a cursor. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  positionOf: (last: Item) => Position,
): { items: Item[]; next: string | undefined } {
  const { items, next } = positionedPageOf(found, limit, positionOf);
  return { items, next: encodeCursor(next) };
}

/**
 * The position that a cursor names; none of the first page. Throws `invalid_request` for a text that no page ever gave
 * out.
 */
export function decodeCursor(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  try {
    const [createdAt, id] = positionSchema.parse(JSON.parse(atob(text)));
    return { createdAt, id };
  } catch {
    throw new ProblemException("invalid_request", "The cursor is not one that a page gave out.", {
      errors: [{ pointer: "/cursor", message: "not a cursor" }],
    });
  }
}
