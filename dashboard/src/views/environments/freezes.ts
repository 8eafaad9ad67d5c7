// Freeze windows of an environment, read with a clock.
import type { Environment } from "../../api/client.ts";

type Freeze = NonNullable<Environment["freezes"]>[number];

export function frozenBy({ freezes = [] }: Pick<Environment, "freezes">, now: number): Freeze | undefined {
  return freezes.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
}
