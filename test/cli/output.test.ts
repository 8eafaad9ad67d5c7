import { describe, expect, it } from "vitest";
import { timeIn } from "../../cli/output.ts";

describe("a time of a schedule", () => {
  it("is shown as clocks in its zone show it, and tells the hour that comes twice apart", () => {
    const twice = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map(Date.parse);
    expect(twice.map((at) => timeIn("Europe/Berlin", at))).toEqual([
      "2026-10-25 02:30:00 GMT+02:00",
      "2026-10-25 02:30:00 GMT+01:00",
    ]);
    expect(timeIn("UTC", Date.UTC(2026, 0, 5, 9))).toBe("2026-01-05 09:00:00 GMT");
  });
});
