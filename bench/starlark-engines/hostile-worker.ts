/** The Worker that runs hostile scripts in workerd: `POST /` with the source. */
import { runHostile } from "../../test/starlark/hostile-scripts.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    return new Response(runHostile(await request.text())?.code ?? "no error");
  },
};
