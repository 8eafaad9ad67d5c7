// The opaque position between two pages of runs.
import { z } from "zod";
import { ProblemException } from "./problem.ts";

const positionSchema = z.tuple([z.number().int(), z.string()]);

export function encodeCursor(position: { createdAt: number; id: string }): string {
  return btoa(JSON.stringify([position.createdAt, position.id]));
}

/** Throws `invalid_request` for a text that no page ever gave out. */
export function decodeCursor(text: string): { createdAt: number; id: string } {
  try {
    const [createdAt, id] = positionSchema.parse(JSON.parse(atob(text)));
    return { createdAt, id };
  } catch {
    throw new ProblemException("invalid_request", "The cursor is not one that a page gave out.", {
      errors: [{ pointer: "/cursor", message: "not a cursor" }],
    });
  }
}
