/** A centre that is gone is not mistaken for a calm one. */

import { must, until } from "../check.js";

/** @import { Check } from "../check.js" */

const STALE_WITHIN_MS = 40_000;
const BACK_WITHIN_MS = 40_000;

/** @type {Check[]} */
export const stale = [
  {
    name: "without news the page calls itself stale, and is live again by itself",
    async run(tab) {
      await tab.overview();
      const { page, context } = tab;
      tab.expect(/Failed to load resource|net::ERR/);
      const state = () => page.locator(".live").getAttribute("data-state");
      // A network that is off does not end a stream that is open, so the stream is opened anew while it is off.
      await context.setOffline(true);
      await page.getByRole("button", { name: "6 h", exact: true }).click();
      await until("the page to call itself stale", STALE_WITHIN_MS, async () => (await state()) === "stale");
      must((await page.locator(".methods tbody tr").count()) > 0, "the last figures are gone");
      await context.setOffline(false);
      await until("the page to be live again", BACK_WITHIN_MS, async () => (await state()) === "live");
    },
  },
];
