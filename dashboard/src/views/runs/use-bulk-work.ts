// Does one thing to many runs, some at a time, so that one sees how far it is and can stop it.
import { useEffect, useRef, useState } from "react";
import type { BulkAction } from "../../../../src/protocol/bulk-action.ts";
import type { Run } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";

export interface BulkRequest {
  action: BulkAction;
  program: "same" | "current";
  reason: string;
}

/** What has become of a run. */
export interface Outcome {
  run: Run;
  /** The run that goes on, of a restart. */
  as?: string | undefined;
  /** Why it has refused. */
  refusal?: string | undefined;
}

export interface BulkWork {
  request: BulkRequest;
  outcomes: readonly Outcome[];
  /** Those that have not been asked, or have not been heard of. */
  left: readonly Run[];
  isAtWork: boolean;
  isStopping: boolean;
  error?: unknown;
}

/** So many that their answers come within a moment, in which nothing can be stopped. */
const AT_ONCE = 20;

/**
 * What fails is left, and going on asks it again: a run that has done it before says so, or does it no second time.
 * Leaving the view stops it.
 */
export function useBulkWork(): {
  /** Undefined before it has begun. */
  work: BulkWork | undefined;
  begin: (request: BulkRequest, runs: readonly Run[]) => void;
  goOn: () => void;
  stop: () => void;
} {
  const [work, setWork] = useState<BulkWork>();
  const isStopped = useRef(false);
  useEffect(
    () => () => {
      isStopped.current = true;
    },
    [],
  );
  const change = (how: (before: BulkWork) => Partial<BulkWork>) =>
    setWork((before) => before && { ...before, ...how(before) });

  const goThrough = async (request: BulkRequest, runs: readonly Run[]) => {
    for (let left = runs; left.length > 0 && !isStopped.current; ) {
      const asked = left.slice(0, AT_ONCE);
      const { refused, restarted } = await answered(
        api.POST("/v1/runs/operations", { body: { ...request, runs: asked.map(({ id }) => id) } }),
      );
      left = left.slice(AT_ONCE);
      const rest = left;
      const heard = asked.map((run) => ({
        run,
        as: restarted?.find(({ id }) => id === run.id)?.as,
        refusal: refused.find(({ id }) => id === run.id)?.detail,
      }));
      change(({ outcomes }) => ({ left: rest, outcomes: [...outcomes, ...heard] }));
    }
  };
  const carryOn = (request: BulkRequest, runs: readonly Run[]) => {
    isStopped.current = false;
    goThrough(request, runs)
      .catch((error: unknown) => change(() => ({ error })))
      .finally(() => change(() => ({ isAtWork: false, isStopping: false })));
  };
  return {
    work,
    begin: (request, left) => {
      setWork({ request, left, outcomes: [], isAtWork: true, isStopping: false });
      carryOn(request, left);
    },
    goOn: () => {
      if (!work || work.isAtWork) return;
      change(() => ({ isAtWork: true, error: undefined }));
      carryOn(work.request, work.left);
    },
    stop: () => {
      isStopped.current = true;
      change(() => ({ isStopping: true }));
    },
  };
}
