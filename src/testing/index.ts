// Tests of workflows, offline: the real engine in a world of its own, where time passes when the test says so. See
// docs/testing.md for what tests can write.
//
//     const file = loadTestFile({ entry: "canary_test.star", files }, { sha256Hex, checkFilter, checkKey });
//     for (const test of file.value.tests) runTest(file.value, test, { sha256Hex, seed: "1", replayEveryTime: false });
export { Coverage, type FileCoverage } from "./coverage.ts";
export { runTest, type TestReport } from "./run-test.ts";
export { loadTestFile, predeclaredIn, TEST_SUFFIX } from "./test-file.ts";
