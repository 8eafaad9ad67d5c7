// Does one thing to many runs, some at a time, so that one sees how far it is and can stop it.
import { useEffect, useRef, useState } from "react";
import type { BulkAction } from "../../../../src/protocol/bulk-action.ts";
import type { Run } from "../../api/client.ts";
import { ApiError, answered, api } from "../../api/client.ts";
import { countOf } from "./bulk.ts";

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
  /** It was asked before, and not heard of: what it refuses may be what it has done. */
  isAskedAgain: boolean;
}

export interface BulkWork {
  request: BulkRequest;
  outcomes: readonly Outcome[];
  /** Those that have not been asked, or have not been heard of. */
  left: readonly Run[];
  /** The ids of those that have been asked and not been heard of. */
  unheard: ReadonlySet<string>;
  isAtWork: boolean;
  isStopping: boolean;
  error?: unknown;
}

/** So many that their answers come within a moment, in which nothing can be stopped. */
const AT_ONCE = 20;
/** The refusal of a run that was asked and gave no answer: whether it has done it nobody knows. */
const UNHEARD = "unavailable";

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

  const goThrough = async (request: BulkRequest, runs: readonly Run[], before: ReadonlySet<string>) => {
    for (let left = runs; left.length > 0 && !isStopped.current; ) {
      const asked = left.slice(0, AT_ONCE);
      const ids = asked.map(({ id }) => id);
      // Noted before it is sent: an answer that is lost says nothing.
      change(({ unheard }) => ({ unheard: new Set([...unheard, ...ids]) }));
      const { refused, restarted } = await answered(
        api.POST("/v1/runs/operations", { body: { ...request, runs: ids } }),
      );
      const silent = refused.filter(({ code }) => code === UNHEARD);
      const isSilent = (run: Run) => silent.some(({ id }) => id === run.id);
      const heard = asked.filter((run) => !isSilent(run));
      left = [...asked.filter(isSilent), ...left.slice(AT_ONCE)];
      const rest = left;
      change(({ outcomes, unheard }) => ({
        left: rest,
        unheard: new Set([...unheard].filter((id) => !heard.some((run) => run.id === id))),
        outcomes: [
          ...outcomes,
          ...heard.map((run) => ({
            run,
            as: restarted?.find(({ id }) => id === run.id)?.as,
            refusal: refused.find(({ id }) => id === run.id)?.detail,
            isAskedAgain: before.has(run.id),
          })),
        ],
      }));
      const [first] = silent;
      if (first)
        throw new ApiError(503, first.code, `${countOf(silent.length)} gave no answer: ${first.detail}`);
    }
  };
  const carryOn = (request: BulkRequest, runs: readonly Run[], before: ReadonlySet<string>) => {
    isStopped.current = false;
    goThrough(request, runs, before)
      .catch((error: unknown) => change(() => ({ error })))
      .finally(() => change(() => ({ isAtWork: false, isStopping: false })));
  };
  return {
    work,
    begin: (request, left) => {
      setWork({ request, left, outcomes: [], unheard: new Set(), isAtWork: true, isStopping: false });
      carryOn(request, left, new Set());
    },
    goOn: () => {
      if (!work || work.isAtWork) return;
      change(() => ({ isAtWork: true, error: undefined }));
      carryOn(work.request, work.left, work.unheard);
    },
    stop: () => {
      isStopped.current = true;
      change(() => ({ isStopping: true }));
    },
  };
}
