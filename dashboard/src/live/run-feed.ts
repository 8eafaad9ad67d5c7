// Follows one run: its socket says how far journal and log go, and what is missing is read from where we are.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunExtent } from "../../../src/protocol/live.ts";
import { setLive } from "./live-status.ts";
import { openSocket } from "./socket.ts";

/** A burst of changes is read once. */
const GATHER_MS = 60;

/** Keeps the run's detail current while it is on screen; answers how far its journal and log go. */
export function useRunFeed(id: string): RunExtent {
  const client = useQueryClient();
  const [state, setState] = useState<{ id: string; extent: RunExtent }>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let isBehind = false;
    let isOver = false;
    // One after the other: a run that never rests would cancel every reading before it ends.
    const read = async () => {
      timer = undefined;
      isReading = true;
      isBehind = false;
      await client.invalidateQueries({ queryKey: ["run", id] });
      isReading = false;
      if (isBehind && !isOver) gather();
    };
    const gather = () => {
      isBehind = true;
      if (!isReading) timer ??= setTimeout(() => void read(), GATHER_MS);
    };
    const name = `run ${id}`;
    setLive(name, false);
    const close = openSocket({
      url: () => `/v1/runs/${id}/live`,
      onMessage: (message) => {
        setState({ id, extent: message as RunExtent });
        gather();
      },
      onLive: (isLive) => setLive(name, isLive),
      onSignedOut: () => void client.invalidateQueries({ queryKey: ["session"] }),
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
      close();
      setLive(name, undefined);
    };
  }, [client, id]);
  return state?.id === id ? state.extent : { type: "extent", journal: 0, log: 0 };
}
