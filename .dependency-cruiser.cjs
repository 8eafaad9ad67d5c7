// The import direction of docs/architecture.md, as a rule that fails the check:
// worker → http → durable-objects → storage, policy → domain folders → starlark, protocol.
const domain = "^src/(workflow|testing|events|jobs|environments|auth)/";
const forbid = (name, comment, from, to) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { path: to },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circular",
      comment: "A cycle, type-only ones included, means two files are one room.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    forbid(
      "starlark-stands-alone",
      "The language could be published by itself.",
      "^src/starlark/",
      "^(?!src/starlark/)",
    ),
    forbid(
      "protocol-knows-no-one",
      "Shapes shared by Worker, runner, command line and dashboard.",
      "^src/protocol/",
      "^(?!src/protocol/|node_modules/(@hono/)?zod)",
    ),
    forbid(
      "domain-is-pure",
      "Decisions run in the actor, in the offline tester and in the command line alike.",
      domain,
      "^(src/(http|storage|policy|worker)|durable-objects/|migrations/|cloudflare:|node:|cli/|runner/|node_modules/(hono|drizzle-orm))",
    ),
    {
      name: "domain-has-no-platform",
      comment: "Node's modules stay outside the domain.",
      severity: "error",
      from: { path: "^src/(starlark|workflow|testing|events|jobs|environments|protocol)/" },
      to: { dependencyTypes: ["core"] },
    },
    forbid(
      "policy-below-actors",
      "Policy is asked, it asks no one.",
      "^src/policy/",
      "^(src/(http|worker|storage)|durable-objects/)",
    ),
    forbid(
      "storage-below-actors",
      "What actors share knows no actor.",
      "^src/storage/",
      "^(src/(http|worker)|durable-objects/)",
    ),
    forbid(
      "actors-below-routes",
      "An actor never imports a route.",
      "^durable-objects/",
      "^src/(http|worker)",
    ),
    forbid(
      "clients-know-the-protocol",
      "Runner and command line know the protocol and what checks a workflow, nothing of the server.",
      "^(cli|runner)/",
      "^(src/(?!protocol/|starlark/|workflow/|events/|testing/)|durable-objects/)",
    ),
    forbid(
      "dashboard-knows-the-protocol",
      "What runs in the browser knows the shapes and the API's description, nothing of the server.",
      "^dashboard/",
      "^(src/(?!protocol/)|durable-objects/|cli/|runner/|scripts/)",
    ),
    {
      name: "resolvable",
      comment: "An import that resolves to nothing is a typing error waiting.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^cloudflare:" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
