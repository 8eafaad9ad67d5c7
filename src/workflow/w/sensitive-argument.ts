// `sensitive=["token", "database.password"]`: which places of what a call hands on are secret.
import type { JsonValue } from "../../protocol/json.ts";
import { hasPlace, MAX_PLACES, parsePlace, placeFault } from "../../protocol/place.ts";
import { StarlarkError, StarlarkList, typeName, type Value } from "../../starlark/index.ts";

/**
 * The places, checked. Throws `InvalidSensitive` for one that is none, and for one that `given` has not: a slip of the
 * pen must not show a secret.
 */
export function sensitiveArgument(fn: string, places: Value, given: JsonValue | undefined): string[] {
  const invalid = (message: string) =>
    new StarlarkError(`${fn}: for parameter sensitive: ${message}`, { code: "InvalidSensitive" });
  const items = places instanceof StarlarkList ? places.items : [];
  if (items.length > MAX_PLACES) throw invalid(`at most ${MAX_PLACES} places`);
  return items.map((place) => {
    if (typeof place !== "string") throw invalid(`got ${typeName(place)} in the list, want strings`);
    const fault = placeFault(place);
    if (fault !== undefined) throw invalid(`"${place.slice(0, 80)}" ${fault}`);
    if (given !== undefined && !hasPlace(given, parsePlace(place))) {
      throw invalid(`there is no "${place}" in what is given`);
    }
    return place;
  });
}
