// A file's text, imported as Vite does it.
declare module "*?raw" {
  const text: string;
  export default text;
}
