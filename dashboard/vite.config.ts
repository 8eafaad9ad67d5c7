import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => resolve(import.meta.dirname, path);

/** What is there before the rest: the first question, the theme, and the styles. */
const opening =
  /[\\/]src[\\/](opening|theme|styles|api[\\/](opening|client|linked-token))|openapi-fetch|@fontsource/;

/** Names in the page what its small first script is followed by, so that all of it is read at once. */
const mainScript: Plugin = {
  name: "main-script",
  transformIndexHtml: {
    order: "post",
    handler(_html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const main = chunks.find(({ facadeModuleId }) => facadeModuleId === here("src/main.tsx"));
      if (!main) throw new Error("the build has no main script");
      const own = { crossorigin: true };
      return [
        { tag: "script", attrs: { type: "module", ...own, src: `/${main.fileName}` }, injectTo: "head" },
        ...main.imports.map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", ...own, href: `/${file}` },
          injectTo: "head" as const,
        })),
      ];
    },
  },
};

// Built into the Worker's static assets. Nothing is inlined: the page's policy allows no inline script.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), mainScript],
  build: {
    outDir: here("../dist/dashboard"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    rolldownOptions: {
      input: { opening: here("index.html"), main: here("src/main.tsx") },
      output: {
        codeSplitting: {
          // What every view needs comes in three files, not thirty: a cold page waits for each.
          groups: [
            { name: "opening", tags: ["$initial"], test: opening, priority: 1 },
            { name: "libraries", tags: ["$initial"], test: /node_modules|rolldown[\\/]runtime/ },
            { name: "shell", tags: ["$initial"], test: /dashboard[\\/]src/ },
          ],
        },
      },
      checks: { pluginTimings: false },
    },
  },
});
