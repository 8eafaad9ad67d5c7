// Follows one run: its socket says how far journal and log go, and what is missing is read from where we are.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunExtent } from "../../../src/protocol/live.ts";
import { gathered } from "./gathered.ts";
import { setLive } from "./live-status.ts";
import { openSocket } from "./socket.ts";

/**
 * Keeps the run's detail current while it is on screen; answers how far its journal and log go. Where the run is refused
 * for ever, so would its socket be; that of a run that has not begun is there when it has.
 */
export function useRunFeed(id: string, isRefused: boolean): RunExtent {
  const client = useQueryClient();
  const [state, setState] = useState<{ id: string; extent: RunExtent }>();
  useEffect(() => {
    if (isRefused) return;
    const detail = gathered(() => client.invalidateQueries({ queryKey: ["run", id] }));
    const name = `run ${id}`;
    setLive(name, false);
    const close = openSocket({
      url: () => `/v1/runs/${id}/live`,
      onMessage: (message) => {
        setState({ id, extent: message as RunExtent });
        detail.ask();
      },
      onLive: (isLive) => setLive(name, isLive),
      onSignedOut: () => void client.invalidateQueries({ queryKey: ["session"] }),
    });
    return () => {
      detail.stop();
      close();
      setLive(name, undefined);
    };
  }, [client, id, isRefused]);
  return state?.id === id ? state.extent : { type: "extent", journal: 0, log: 0 };
}
