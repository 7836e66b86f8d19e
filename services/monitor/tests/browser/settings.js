/**
 * What the test is told, by environment:
 *
 * - `MONITOR_URL`: the centre's page, of a running backend.
 * - `MONITOR_TOKEN`: the token for changes that the centre was started with.
 * - `MONITOR_RULE`: the rule that is to fire. Default `browser_test`.
 * - `MONITOR_LOAD`: a command that makes it fire while it runs; it is ended with SIGTERM.
 * - `MONITOR_FIRES_WITHIN_S`: how long firing, and clearing, may take. Default 120.
 * - `CHROMIUM`: the browser. Default `/usr/bin/chromium`.
 * - `MONITOR_SCREENSHOTS`: a folder for pictures of every page; none are taken without it.
 *
 * @typedef {ReturnType<typeof settings>} Settings
 */
export function settings() {
  const { env } = process;
  return {
    url: required("MONITOR_URL").replace(/\/+$/, ""),
    token: required("MONITOR_TOKEN"),
    rule: env.MONITOR_RULE ?? "browser_test",
    load: required("MONITOR_LOAD"),
    firesWithin_ms: Number(env.MONITOR_FIRES_WITHIN_S ?? 120) * 1000,
    chromium: env.CHROMIUM ?? "/usr/bin/chromium",
    screenshots: env.MONITOR_SCREENSHOTS ?? null,
  };
}

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set; settings.js says what it is`);
  process.exit(2);
}
