/** The `opa` that compiles the default policy. Another version compiles the same rules to other bytes. */
export const OPA_VERSION = "1.22.0";
