/** Union, intersection and differences of sets, in order of insertion. */
import type { Budget } from "../budget.ts";
import { EMPTY_SET_BYTES, StarlarkSet } from "../value/set.ts";

export function uniteSets(x: StarlarkSet, y: StarlarkSet, budget: Budget): StarlarkSet {
  const union = StarlarkSet.of(x.elements.values(), budget);
  for (const element of y.elements.values()) union.add(element, budget);
  return union;
}

/** The elements of `x` that are in `y`, in the order of `x`. */
export function intersectSets(x: StarlarkSet, y: StarlarkSet, budget: Budget): StarlarkSet {
  return keep(x, budget, (key) => y.elements.has(key));
}

/** The elements of `x` that are not in `y`. */
export function differenceOfSets(x: StarlarkSet, y: StarlarkSet, budget: Budget): StarlarkSet {
  return keep(x, budget, (key) => !y.elements.has(key));
}

/** The elements that are in one of the two only: first those of `x`, then those of `y`. */
export function symmetricDifferenceOfSets(x: StarlarkSet, y: StarlarkSet, budget: Budget): StarlarkSet {
  const result = differenceOfSets(x, y, budget);
  for (const element of differenceOfSets(y, x, budget).elements.values()) result.add(element, budget);
  return result;
}

type SetKey = Parameters<StarlarkSet["elements"]["has"]>[0];

function keep(set: StarlarkSet, budget: Budget, wanted: (key: SetKey) => boolean): StarlarkSet {
  budget.charge(set.size, EMPTY_SET_BYTES);
  const result = new StarlarkSet();
  for (const [key, element] of set.elements) if (wanted(key)) result.add(element, budget);
  return result;
}
