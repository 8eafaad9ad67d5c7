// What all fibers of a run may compute between two outcomes that were really waited for.
import { Budget } from "../../starlark/index.ts";
import { MAX_RENEWALS, sliceLimits } from "../limits.ts";

export class SliceBudget {
  /** Shared by the run's fibers. */
  readonly budget = new Budget(sliceLimits);
  #renewals = 0;

  /** The script has waited: a new slice begins. */
  begin(): void {
    this.budget.reset();
    this.#renewals = 0;
  }

  /**
   * Gives cleanup, and whoever goes on after a fiber that used up the budget, a whole one again. Only a few times a
   * slice: a thousand fibers that loop for ever must not take a thousand budgets.
   */
  renew(): void {
    if (this.#renewals >= MAX_RENEWALS) return;
    this.#renewals += 1;
    this.budget.reset();
  }
}
