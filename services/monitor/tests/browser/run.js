/** Drives a real browser over the page of a running centre. Prints a line a check and "N passed, M failed"; ends with 1 if any failed. */

import { chromium } from "playwright-core";
import { curve } from "./checks/curve.js";
import { hostile } from "./checks/hostile.js";
import { keyboard } from "./checks/keyboard.js";
import { narrow } from "./checks/narrow.js";
import { overview } from "./checks/overview.js";
import { policy } from "./checks/policy.js";
import { calm, rule } from "./checks/rule.js";
import { search } from "./checks/search.js";
import { stale } from "./checks/stale.js";
import { takeScreenshots } from "./screenshots.js";
import { settings } from "./settings.js";
import { Tab } from "./tab.js";

/** @import { Check } from "./check.js" */

/** @type {Check[]} */
const CHECKS = [...policy, ...calm, ...overview, ...curve, ...search, ...keyboard, ...narrow, ...hostile, ...rule, ...stale];

const given = settings();
const quiet = [
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// The sandbox wants a kernel and a user that containers of a CI seldom have; the only page opened is ours.
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", ...quiet] });

let passed = 0;
let failed = 0;
for (const { name, run, vital } of CHECKS) {
  const tab = await Tab.open(browser, given);
  try {
    await run(tab);
    tab.complain();
    passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    const reason = error instanceof Error ? error.message : String(error);
    // What the page complained of is often the cause of what was not found on it.
    const lines = new Set([reason, ...tab.complaints()].flatMap((text) => text.split("\n")));
    console.log([`FAILED  ${name}`, ...lines].join("\n        "));
    await tab.picture(`failed-${name}`);
  }
  await tab.close();
  if (vital && failed > 0) break;
}
if (given.screenshots) await takeScreenshots(browser, given);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
