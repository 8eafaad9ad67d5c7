import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assertMayCall,
  HostUnresolved,
  isPublicAddress,
  OutboundRefused,
} from "../../src/builtins/http/guard.ts";

const publicDns = { resolve: async () => ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"] };
const nowhere = { ...publicDns, allowedHosts: [] };

async function verdict(
  url: string,
  outbound: Parameters<typeof assertMayCall>[1] = nowhere,
): Promise<string> {
  try {
    await assertMayCall(new URL(url), outbound);
    return "called";
  } catch (error) {
    if (error instanceof OutboundRefused) return "refused";
    if (error instanceof HostUnresolved) return "unresolved";
    throw error;
  }
}

describe("where builtin://http may go", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://10.1.2.3:8080/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[fe80::1]/",
    "http://[fd12:3456::1]/",
    "http://[ff02::1]/",
    "http://localhost:8787/",
    "http://LOCALHOST./",
    "http://db.localhost/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://printer.local/",
    "http://router/",
    "https://user:secret@example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "data:text/plain,hello",
  ])("%s is refused", async (url) => {
    expect(await verdict(url)).toBe("refused");
  });

  test.each([
    "https://example.com/",
    "http://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://example.com:8443/x",
  ])("%s is called", async (url) => {
    expect(await verdict(url)).toBe("called");
  });

  test("a public name that stands for a private address, among others, is refused", async () => {
    const rebound = { allowedHosts: [], resolve: async () => ["93.184.215.14", "10.0.0.7"] };
    expect(await verdict("https://innocent.example.com/", rebound)).toBe("refused");
  });

  test("a name that cannot be resolved is not called, and may be later", async () => {
    const broken = { allowedHosts: [], resolve: () => Promise.reject(new Error("SERVFAIL")) };
    expect(await verdict("https://example.com/", broken)).toBe("unresolved");
    expect(await verdict("https://example.com/", { allowedHosts: [], resolve: async () => [] })).toBe(
      "unresolved",
    );
  });

  test("an allowed host is called, on its port only when the entry names one", async () => {
    const allowing = { ...publicDns, allowedHosts: ["127.0.0.1:9000", "build.internal"] };
    expect(await verdict("http://127.0.0.1:9000/", allowing)).toBe("called");
    expect(await verdict("http://127.0.0.1:9001/", allowing)).toBe("refused");
    expect(await verdict("https://build.internal:8443/", allowing)).toBe("called");
    expect(await verdict("https://x.build.internal/", allowing)).toBe("refused");
  });

  test("no IPv4 address of a private network is public, however it is written in IPv6", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const hidden = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    );
    fc.assert(
      fc.property(hidden, fc.constantFrom("", "::", "::ffff:", "64:ff9b::"), (octets, prefix) => {
        expect(isPublicAddress(prefix + octets.join("."))).toBe(false);
      }),
    );
  });
});
