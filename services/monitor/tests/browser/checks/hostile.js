/** Whatever a server, a user or an address says is shown as text. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */
/** @import { Tab } from "../tab.js" */

const HOSTILE = `<script>alert(1)</script><img src=x onerror=alert(2)>"><svg onload=alert(3)>`;

/**
 * An answer with every text in it made hostile, but for those that name a state.
 *
 * @param {any} value
 * @returns {any}
 */
function poisoned(value) {
  if (typeof value === "string") return value + HOSTILE;
  if (Array.isArray(value)) return value.map(poisoned);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poisoned(inner)]));
}

/**
 * Nothing hostile became an element or an attribute that runs.
 *
 * @param {Tab} tab
 */
async function harmless({ page }) {
  const grown = await page.evaluate(() => {
    const strange = [
      ...document.querySelectorAll("main script, main img, main iframe, [onerror], [onload], a[href^='javascript:' i]"),
    ];
    return strange.map((element) => element.outerHTML.slice(0, 100));
  });
  must(grown.length === 0, `elements grew from text: ${grown}`);
}

/** @type {Check[]} */
export const hostile = [
  {
    name: "an overview full of hostile names stays text",
    async run(tab) {
      const real = await tab.ask("/api/overview");
      const evil = poisoned(real);
      await tab.page.route("**/api/overview*", (route) => route.fulfill({ json: evil }));
      await tab.page.route("**/api/live*", (route) =>
        route.fulfill({ contentType: "text/event-stream", body: `event: overview\ndata: ${JSON.stringify(evil)}\n\n` }),
      );
      await tab.overview();
      await tab.page.locator(".methods tbody tr").first().waitFor();
      for (const part of [".methods tbody tr th a", ".instances tbody tr th a"]) {
        const text = await tab.page.locator(part).first().textContent();
        must(text?.endsWith(HOSTILE), `${part} reads ${text}`);
      }
      await harmless(tab);
    },
  },
  {
    name: "lists, curves and alarms full of hostile names stay text",
    async run(tab) {
      const { page } = tab;
      for (const path of ["series", "query", "alarms"]) {
        await page.route(`**/api/${path}*`, async (route) => route.fulfill({ json: poisoned(await (await route.fetch()).json()) }));
      }
      for (const [hash, part] of [
        ["#/search?match=rpc", ".search-page tbody tr th a"],
        ["#/curve?name=rpc_server_calls&value=rate&by=method", ".legend-title"],
        ["#/alarms", ".rules tbody tr th a"],
      ]) {
        await tab.visit(hash ?? "");
        const text = page.locator(part ?? "").first();
        await text.waitFor();
        must((await text.textContent())?.endsWith(HOSTILE), `${part} reads ${await text.textContent()}`);
        await harmless(tab);
      }
    },
  },
  {
    name: "a hostile address stays text",
    async run(tab) {
      const { page } = tab;
      await tab.visit(`#/search?match=${encodeURIComponent(HOSTILE)}`);
      await page.getByText("No series matches").waitFor();
      must((await page.locator("#search").inputValue()) === HOSTILE, "the search box reads otherwise");
      await harmless(tab);
      await tab.visit(`#/curve?name=${encodeURIComponent(HOSTILE)}&labels=${encodeURIComponent(`a:${HOSTILE}`)}&value=avg`);
      must((await page.locator(".curve h1").textContent()) === HOSTILE, "the curve's name reads otherwise");
      await harmless(tab);
      // The centre may refuse to know such a name; what matters is that nothing ran.
      tab.expect(/Failed to load resource/);
    },
  },
];
