/** Errors that say which builtin they came from. */
import { BudgetError, EvaluationError } from "../errors.ts";

/** Does something on behalf of a builtin; an error's message begins with the builtin's name. */
export function naming<Result>(name: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof EvaluationError) || error instanceof BudgetError) throw error;
    throw new EvaluationError(`${name}: ${error.message}`, { code: error.code, details: error.details });
  }
}
