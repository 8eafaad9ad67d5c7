// A file's text, imported as Vite does it.
declare module "*?raw" {
  const text: string;
  export default text;
}

/** Files of a folder by path, imported as Vite does it. */
interface ImportMeta {
  glob(
    pattern: string,
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ): Readonly<Record<string, unknown>>;
}
