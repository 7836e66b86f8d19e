/** On a telephone. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */

/** @type {Check[]} */
export const narrow = [
  {
    name: "no page is wider than a telephone",
    async run(tab) {
      const { page } = tab;
      await page.setViewportSize({ width: 390, height: 844 });
      for (const hash of ["#/overview", "#/alarms", "#/search?match=rpc", "#/curve?name=rpc_server_calls&value=rate&by=method"]) {
        await tab.visit(hash);
        await page.locator("main > *").first().waitFor();
        await page.locator("tbody tr, .nothing:visible").first().waitFor();
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        must(width <= 390, `${hash} is ${width} pixels wide`);
      }
    },
  },
];
