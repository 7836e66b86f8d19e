/** A command that runs while something is to be busy. */

import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * @param {string} command  for the shell
 * @returns {() => Promise<void>}  ends it with all that it started, and waits for that
 */
export function startLoad(command) {
  // A process group of its own, so that the shell's children end with it.
  const child = spawn("exec " + command, { shell: "/bin/sh", detached: true, stdio: "ignore" });
  const ended = once(child, "exit");
  const end = () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  process.once("exit", end);
  return async () => {
    process.removeListener("exit", end);
    end();
    await ended;
  };
}
