/** Pages and stubs made from what the code says about itself: the surface, the checker's rules, docstrings. */
export { filePage } from "./file-page.ts";
export { referencePage } from "./reference-page.ts";
export { rulesPage } from "./rules-page.ts";
export { stubFiles } from "./stub-files.ts";
