// What all fibers of a run may compute between two outcomes that were really waited for.
import { Budget } from "../../starlark/index.ts";
import { MAX_RENEWALS, sliceLimits } from "../limits.ts";

export class SliceBudget {
  /** Shared by the run's fibers. */
  readonly budget = new Budget(sliceLimits);
  #renewals = 0;
  /** In the slices before. */
  #spentSteps = 0;

  /** Steps taken in all slices. */
  get spentSteps(): number {
    return this.#spentSteps + this.budget.stepsUsed;
  }

  /** The script has waited: a new slice begins. */
  begin(): void {
    this.#reset();
    this.#renewals = 0;
  }

  /**
   * Gives cleanup, and whoever goes on after a fiber that used up the budget, a whole one again. Only a few times a
   * slice: a thousand fibers that loop for ever must not take a thousand budgets.
   */
  renew(): void {
    if (this.#renewals >= MAX_RENEWALS) return;
    this.#renewals += 1;
    this.#reset();
  }

  #reset(): void {
    this.#spentSteps = this.spentSteps;
    this.budget.reset();
  }
}
