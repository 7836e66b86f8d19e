/** Pictures of the pages in the sizes, themes and languages that matter. */

import { Tab } from "./tab.js";

/** @import { Browser } from "playwright-core" */
/** @import { Settings } from "./settings.js" */

const DESK = { width: 1440, height: 900 };
const TELEPHONE = { width: 390, height: 844 };
const CURVE = "#/curve?name=rpc_server_latency_microseconds&value=p99&by=method&range=3600";

/** @type {[string, string, { width: number, height: number }, "dark" | "light", string][]} */
const PICTURES = [
  ["overview-dark", "#/overview", DESK, "dark", "en-US"],
  ["overview-light-zh", "#/overview", DESK, "light", "zh-CN"],
  ["overview-narrow", "#/overview", TELEPHONE, "dark", "en-US"],
  ["curve-dark", CURVE, DESK, "dark", "en-US"],
  ["curve-light", CURVE, DESK, "light", "en-US"],
  ["alarms-light", "#/alarms", DESK, "light", "en-US"],
];

/**
 * @param {Browser} browser
 * @param {Settings} given
 */
export async function takeScreenshots(browser, given) {
  for (const [name, hash, viewport, colorScheme, locale] of PICTURES) {
    const tab = await Tab.open(browser, given, { viewport, colorScheme, locale });
    await tab.visit(hash);
    await tab.page.locator("tbody tr").first().waitFor();
    await tab.picture(name);
    await tab.close();
  }
}
