// Carries out a command of the command line in this process, and hears what it says.
import { vi } from "vitest";
import { runCommand } from "../../cli/program.ts";

export interface Told {
  stdout: string;
  stderr: string;
  exitCode: unknown;
}

export async function toldBy(args: readonly string[]): Promise<Told> {
  const told = { stdout: "", stderr: "" };
  const hear = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      told[name] += String(chunk);
      return true;
    });
  const spies = [hear("stdout"), hear("stderr")];
  process.exitCode = undefined;
  try {
    await runCommand([...args]);
    return { ...told, exitCode: process.exitCode ?? 0 };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}
