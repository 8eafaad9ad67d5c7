// What the Worker under test is configured with.
export const ADMIN_TOKEN = `slc_test_${"0123456789abcdef".repeat(3)}`;
export const WEBHOOK_SECRET = "a secret that only GitHub and the test know";
