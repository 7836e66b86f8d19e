/**
 * The browser test with a backend of its own: `node with_backend.js target/debug/im`. Starts it on free ports and a folder of its own,
 * with a host whose name is a script, a token, and a rule that fires while `im press` sends messages; ends it with the test.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const TOKEN = "the-token-of-the-browser-test";
const RULE = "browser_test";
const READY_WITHIN_MS = 60_000;

const PLAN = `
[[rule]]
name = "${RULE}"
summary = "messages are sent by {instance}"
severity = "critical"
metric = "rpc_server_calls"
labels = { service = "im.message.Message", method = "Send" }
by = "instance"
above = 1
step = "10s"
missing = "clear"
`;

/** @param {string} folder */
function configuration(folder) {
  return `
data_dir = ${JSON.stringify(path.join(folder, "data"))}

[listen]
long = "127.0.0.1:0"
short = "127.0.0.1:0"
page = "127.0.0.1:0"

[monitor]
token = "${TOKEN}"
plan = ${JSON.stringify(path.join(folder, "plan.toml"))}
live_ms = 1000

[agent]
host = "<script>alert(1)</script>"
period_ms = 1000
`;
}

/**
 * Starts the backend.
 *
 * @param {string} im
 * @param {string} folder
 * @returns {Promise<{ page: string, long: string, stop: () => Promise<void> }>}
 */
async function start(im, folder) {
  await writeFile(path.join(folder, "plan.toml"), PLAN);
  await writeFile(path.join(folder, "im.toml"), configuration(folder));
  // With its standard input it ends, too, should this process be killed.
  const child = spawn(im, ["run", "--config", path.join(folder, "im.toml"), "--with-parent"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const timer = setTimeout(() => child.kill(), READY_WITHIN_MS);
  /** @type {Record<string, string>} */
  const addresses = {};
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const told = /^(long link|page) +(\S+)/.exec(line);
    if (told) addresses[told[1] ?? ""] = told[2] ?? "";
    if (line !== "im is ready") continue;
    clearTimeout(timer);
    child.stdout.resume();
    const stop = async () => {
      child.stdin.end();
      await ended;
    };
    return { page: addresses.page ?? "", long: addresses["long link"] ?? "", stop };
  }
  throw new Error("the backend did not become ready");
}

/**
 * @param {string} im
 * @param {{ page: string, long: string }} backend
 * @returns {Promise<number>}  how the test ended
 */
async function test(im, { page, long }) {
  const load = `'${im}' press --server ${long} --scenario mixed --users 20 --groups 1 --group-size 10 --seconds 3600`;
  const env = { ...process.env, MONITOR_URL: `http://${page}`, MONITOR_TOKEN: TOKEN, MONITOR_RULE: RULE, MONITOR_LOAD: load };
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "run.js")], { env, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code ?? 1;
}

const im = path.resolve(process.argv[2] ?? "target/debug/im");
const folder = await mkdtemp(path.join(tmpdir(), "im-browser-test-"));
try {
  const backend = await start(im, folder);
  try {
    process.exitCode = await test(im, backend);
  } finally {
    await backend.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
