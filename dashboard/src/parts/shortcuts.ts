// The views, and the keys that lead to them: one list for the menu, the palette and the help.
export const views = [
  { to: "/", name: "Overview", key: "o" },
  { to: "/runs", name: "Runs", key: "r" },
  { to: "/approvals", name: "Approvals", key: "a" },
  { to: "/events", name: "Events", key: "e" },
  { to: "/workflows", name: "Workflows", key: "w" },
  { to: "/environments", name: "Environments", key: "n" },
  { to: "/runners", name: "Runners", key: "u" },
] as const;
