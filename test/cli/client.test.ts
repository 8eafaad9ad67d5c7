import { describe, expect, test } from "vitest";
import { unreachable } from "../../cli/client.ts";

const url = "https://sluice.example.com";
const failure = (code: string, message: string) =>
  unreachable(url, new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) }));

describe("a server that cannot be reached", () => {
  test("is told of with what the system says", () => {
    expect(failure("ECONNREFUSED", "connect ECONNREFUSED 10.0.0.1:443")).toMatchObject({
      code: "unreachable",
      message: `Sluice does not answer at ${url} (connect ECONNREFUSED 10.0.0.1:443)`,
    });
  });

  test("because its certificate is of an unknown authority is no reason to start another one", () => {
    for (const code of ["DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]) {
      expect(
        failure(code, "self-signed certificate; try running Node.js with --use-system-ca"),
      ).toMatchObject({
        code: "unreachable",
        message: `the certificate of ${url} is of an authority that is not known here (${code})`,
        hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
      });
    }
  });
});
