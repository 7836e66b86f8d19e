/** A number leads to its curve, and the curve to others. */

import { must, until } from "../check.js";

/** @import { Check } from "../check.js" */
/** @import { Tab } from "../tab.js" */

/** A young backend has no figure of a minute until that is over, and the page asks again a minute later. */
const FIGURE_WITHIN_MS = 130_000;

/** @param {Tab} tab */
async function openFirstCurve(tab) {
  await tab.overview();
  await tab.page.locator(".methods tbody tr").first().locator("td.numeric a").first().click();
  await drawn(tab);
}

/** @param {Tab} tab */
async function drawn(tab) {
  const figure = tab.page.locator(".legend tbody td").first();
  await until("a line with a last figure", FIGURE_WITHIN_MS, async () => {
    return (await tab.page.locator(".chart canvas").count()) === 1 && /\d/.test((await figure.textContent()) ?? "");
  });
}

/** @type {Check[]} */
export const curve = [
  {
    name: "every figure of the overview is a link to a curve",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await page.locator(".methods tbody tr").first().waitFor();
      const figures = page.locator(".methods td.numeric a, .instances td.numeric a, a.tile, a.node");
      const links = await figures.evaluateAll((all) => all.map((one) => one.getAttribute("href") ?? ""));
      const astray = links.filter((href) => !/^#\/curve\?name=/.test(href));
      must(links.length > 0 && astray.length === 0, `${astray.length} of ${links.length} lead elsewhere: ${astray[0]}`);
    },
  },
  {
    name: "a curve opens with its figures",
    async run(tab) {
      await openFirstCurve(tab);
      must(tab.page.url().includes("#/curve?name="), tab.page.url());
      must((await tab.page.locator(".curve h1").textContent()) !== "", "the curve has no name");
    },
  },
  {
    name: "range, value, grouping and comparison stand in the address",
    async run(tab) {
      await openFirstCurve(tab);
      const { page } = tab;
      await page.getByRole("button", { name: "6 h", exact: true }).click();
      await page.getByRole("button", { name: "instance", exact: true }).click();
      await page.getByRole("button", { name: "yesterday", exact: true }).click();
      for (const part of ["range=21600", "by=instance", "overlay=yesterday"])
        must(page.url().includes(part), `${part} is not in ${page.url()}`);
      await page.reload();
      await drawn(tab);
      const pressed = await page.locator(".controls [aria-pressed=true]").allTextContents();
      for (const text of ["6 h", "instance", "yesterday"]) must(pressed.includes(text), `${text} is not pressed: ${pressed}`);
    },
  },
  {
    name: "dragging zooms, and back zooms out again",
    async run(tab) {
      await openFirstCurve(tab);
      const { page } = tab;
      const before = page.url();
      const field = await page.locator(".u-over").boundingBox();
      must(field, "there is no field to drag over");
      await page.mouse.move(field.x + field.width * 0.4, field.y + 50);
      await page.mouse.down();
      await page.mouse.move(field.x + field.width * 0.7, field.y + 60, { steps: 4 });
      await page.mouse.up();
      await until("a range in the address", 5_000, async () => /from=\d+&to=\d+/.test(page.url()));
      await page.goBack();
      must(page.url() === before, `back leads to ${page.url()}`);
    },
  },
  {
    name: "a line is hidden and shown by a press",
    async run(tab) {
      await openFirstCurve(tab);
      const line = tab.page.locator(".legend-line").first();
      await line.click();
      must((await line.getAttribute("aria-pressed")) === "false", "it is still shown");
      await line.click();
      must((await line.getAttribute("aria-pressed")) === "true", "it stays hidden");
    },
  },
];
