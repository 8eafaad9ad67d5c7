// Adds to package-lock.json the platform packages that npm left out. npm drops an optional package that its registry
// does not have (a mirror may carry only some platforms), and then `npm ci` refuses the lock file everywhere. An entry
// with its platform is enough: machines of another platform skip it, those of that platform fetch it by its version.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optionalDependencies?: Record<string, string>;
}

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = [
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];
const file = resolve(import.meta.dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> };

/** Where Node would look for `name` from the package at `from`, innermost first. */
function placesOf(name: string, from: string): string[] {
  const parents = from
    .split("/node_modules/")
    .map((_, depth, parts) => parts.slice(0, parts.length - depth).join("/node_modules/"));
  return [...parents.map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`];
}

function platformOf(name: string): object {
  const words = name.replace("-windows-64", "-win32-x64").split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : "";
  if (os.length + cpu.length === 0)
    throw new Error(`${name}: its name says no platform; add it to package-lock.json by hand`);
  return { ...(cpu.length && { cpu }), ...(libc && { libc: [libc] }), ...(os.length && { os }) };
}

let added = 0;
for (const [from, entry] of Object.entries({ ...lock.packages })) {
  if (from === "") continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (placesOf(name, from).some((place) => lock.packages[place])) continue;
    const exact = version.replace(/^[^0-9]*/, "");
    lock.packages[`node_modules/${name}`] = {
      version: exact,
      ...(entry.dev && { dev: true }),
      optional: true,
      ...platformOf(name),
    } as LockEntry;
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform packages added`);
