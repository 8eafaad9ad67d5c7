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
  const [extent, setExtent] = useState<RunExtent>({ type: "extent", journal: 0, log: 0 });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const name = `run ${id}`;
    setLive(name, false);
    const close = openSocket({
      url: () => `/v1/runs/${id}/live`,
      onMessage: (message) => {
        setExtent(message as RunExtent);
        timer ??= setTimeout(() => {
          timer = undefined;
          void client.invalidateQueries({ queryKey: ["run", id] });
        }, GATHER_MS);
      },
      onLive: (isLive) => setLive(name, isLive),
      onSignedOut: () => void client.invalidateQueries({ queryKey: ["session"] }),
    });
    return () => {
      clearTimeout(timer);
      close();
      setLive(name, undefined);
    };
  }, [client, id]);
  return extent;
}
