/** The overview shows what happens, as it happens. */

import { must, until } from "../check.js";

/** @import { Check } from "../check.js" */

const CHANGES_WITHIN_MS = 40_000;

/** @type {Check[]} */
export const overview = [
  {
    name: "the overview shows tiles, methods, the call graph and instances",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await until("a method, a tile, a module and an instance", CHANGES_WITHIN_MS, async () => {
        const counts = [".tile", ".methods tbody tr", ".node", ".instances tbody tr"].map((part) => page.locator(part).count());
        return (await Promise.all(counts)).every((count) => count > 0);
      });
      must((await page.locator(".live").getAttribute("data-state")) === "live", "the page does not call itself live");
    },
  },
  {
    name: "figures change by themselves",
    async run(tab) {
      await tab.overview();
      const figures = () => tab.page.locator(".tile-figure, .methods td.numeric a").allTextContents();
      const before = JSON.stringify(await figures());
      await until("a figure to change", CHANGES_WITHIN_MS, async () => JSON.stringify(await figures()) !== before);
    },
  },
  {
    name: "a head sorts the methods, and the standard order comes back",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      const head = page.locator(".methods thead th", { hasText: "p99" });
      await head.getByRole("button").click();
      must((await head.getAttribute("aria-sort")) === "descending", "p99 is not sorted by");
      await page.getByRole("button", { name: "Worst first" }).click();
      must((await head.getAttribute("aria-sort")) === null, "p99 is still sorted by");
    },
  },
  {
    name: "the filter narrows the methods",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      const first = await page.locator(".methods tbody tr th a").first().textContent();
      await page.getByRole("searchbox", { name: "Filter methods" }).fill(first ?? "");
      const names = await page.locator(".methods tbody tr th").allTextContents();
      must(names.length > 0 && names.every((name) => name.includes(first ?? "?")), `the filter leaves ${names}`);
    },
  },
  {
    name: "the call graph is a list, too",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await page.getByRole("button", { name: "List", exact: true }).click();
      must((await page.locator(".graph tbody tr").count()) > 0, "the list has no row");
    },
  },
];
