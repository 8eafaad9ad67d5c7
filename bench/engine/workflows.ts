// What is benchmarked, as scripts.
const trigger = `\non_event(type = "bench", handler = main)\n`;

export const workflows = {
  /** `steps` values, each recorded. */
  values: `
def main(w, ev):
    for _ in range(ev["data"]["steps"]):
        w.uuid()
${trigger}`,
  /** `steps` calls of a builtin: policy is asked, and each outcome is a write of its own. */
  builtins: `
def main(w, ev):
    for _ in range(ev["data"]["steps"]):
        w.run(step = "builtin://log", inputs = {"message": "step"})
${trigger}`,
  /** Sleeps for long after `steps` values. */
  sleeps: `
def main(w, ev):
    for _ in range(ev["data"]["steps"]):
        w.uuid()
    w.sleep(days = 30)
${trigger}`,
  /** Sleeps until a given time. */
  wakes: `
def main(w, ev):
    now = w.now()
    left = ev["data"]["until"] - now.unix * 1000 - now.nanosecond // 1000000
    w.sleep(milliseconds = max(0, left))
${trigger}`,
};
