// Where `builtin://http` may go. A script must not be able to make Sluice call what only Sluice can reach:
// loopback, private and link-local networks (with the clouds' metadata services in them), nor names of those.
//
// 1. Only globally routable unicast addresses are called; everything else, by any spelling, is refused.
// 2. A name is judged by all the addresses it resolves to, at every hop of a redirect.
// 3. An operator's list of hosts comes first: what is on it is called without a look at its address.
import ipaddr from "ipaddr.js";
import type { Outbound } from "../builtin.ts";

/** The call must not be made. The message says why and what an operator can do. */
export class OutboundRefused extends Error {
  override readonly name = "OutboundRefused";
}

/** The call could not be judged, because its host name could not be resolved; later it may. */
export class HostUnresolved extends Error {
  override readonly name = "HostUnresolved";
}

const privateNames = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)$/;

/** True for an address of the public Internet that belongs to one machine. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  // 2000::/3 is all that is assigned; the rest includes ::/96, which still embeds IPv4 addresses.
  return parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3"));
}

function defaultPort(url: URL): string {
  return url.protocol === "https:" ? "443" : "80";
}

function isAllowed(url: URL, allowedHosts: readonly string[]): boolean {
  const exact = `${url.hostname}:${url.port || defaultPort(url)}`;
  return allowedHosts.some((host) => host === exact || host === url.hostname);
}

const remedy = "an operator can allow a host with SLUICE_HTTP_ALLOW";

/** Resolves when `url` may be called; throws `OutboundRefused` or `HostUnresolved` otherwise. */
export async function assertMayCall(
  url: URL,
  outbound: Pick<Outbound, "resolve" | "allowedHosts">,
): Promise<void> {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new OutboundRefused(`${url.protocol} is not a scheme that can be called: use https: or http:`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new OutboundRefused("credentials do not belong in a URL: send them in a header");
  }
  if (isAllowed(url, outbound.allowedHosts)) return;

  // URL has already turned every spelling of an IPv4 address (octal, hexadecimal, one number) into four numbers.
  const literal = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (ipaddr.isValid(literal)) {
    if (!isPublicAddress(literal)) throw new OutboundRefused(`${literal} is not a public address: ${remedy}`);
    return;
  }
  const name = url.hostname.replace(/\.$/, "").toLowerCase();
  if (privateNames.test(name) || !name.includes(".")) {
    throw new OutboundRefused(`${name} is not a public name: ${remedy}`);
  }
  let addresses: string[];
  try {
    addresses = await outbound.resolve(name);
  } catch (error) {
    throw new HostUnresolved(`${name} cannot be resolved`, { cause: error });
  }
  if (addresses.length === 0) throw new HostUnresolved(`${name} has no address`);
  const hidden = addresses.find((address) => !isPublicAddress(address));
  if (hidden !== undefined) {
    throw new OutboundRefused(`${name} stands for ${hidden}, which is not a public address: ${remedy}`);
  }
}
