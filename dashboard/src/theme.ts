// Light or dark: the system's choice until the reader makes one, which this browser remembers.
const KEY = "sluice-theme";

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const kept = localStorage.getItem(KEY);
if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;

export function toggleTheme(): void {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
}
