/** The Worker that runs programs in workerd: `POST /` with what to run, and how many times. */
import { resumeToTheEnd, runProgram, suspendedFiber } from "./run-program.ts";

export interface Assignment {
  readonly name: string;
  readonly source: string;
  /** The files that the program can load, by name. */
  readonly siblings: Readonly<Record<string, string>>;
  readonly times: number;
  /** Runs no program, but suspends a fiber as often as this. */
  readonly suspensions?: number;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { name, source, siblings, times, suspensions } = (await request.json()) as Assignment;
    try {
      const files = new Map(Object.entries(siblings));
      for (let i = 0; i < times; i++) {
        if (suspensions === undefined) runProgram({ name, source }, files);
        else resumeToTheEnd(suspendedFiber(suspensions));
      }
      return new Response("done");
    } catch (error) {
      return new Response(error instanceof Error ? error.message : String(error), { status: 422 });
    }
  },
};
