/** The search finds series by a piece of their name. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */

const PIECE = "server_lat";

/** @type {Check[]} */
export const search = [
  {
    name: "the search offers series, and Enter opens one",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await page.keyboard.press("/");
      await page.keyboard.type(PIECE);
      const first = page.locator(".suggestion-name").first();
      await first.waitFor();
      const name = await first.textContent();
      must(name?.includes(PIECE), `it offers ${name}`);
      await page.keyboard.press("Enter");
      await page.locator(".curve h1").waitFor();
      must((await page.locator(".curve h1").textContent()) === name, "another curve opened");
    },
  },
  {
    name: "the list says kind, unit, help and the last figure",
    async run(tab) {
      await tab.visit(`#/search?match=${PIECE}`);
      const row = tab.page.locator(".search-page tbody tr").first();
      await row.waitFor();
      const text = await row.innerText();
      for (const part of [PIECE, "histogram", "microseconds"]) must(text.includes(part), `"${part}" is not in "${text}"`);
    },
  },
  {
    name: "what is nowhere is said not to be found",
    async run(tab) {
      await tab.visit("#/search?match=no_such_series_anywhere");
      await tab.page.getByText("No series matches").waitFor();
    },
  },
];
