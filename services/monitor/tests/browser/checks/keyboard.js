/** Keys, languages and themes. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */

/** @type {Check[]} */
export const keyboard = [
  {
    name: "? lists the keys; g a and g o go",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("g");
      await page.keyboard.press("a");
      await page.locator(".alarms").waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("o");
      await page.locator(".overview").waitFor();
    },
  },
  {
    name: "arrows go from row to row",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      const links = page.locator(".methods tbody th a");
      await links.first().focus();
      await page.keyboard.press("ArrowDown");
      const focused = await page.evaluate(() => document.activeElement?.closest("tr")?.sectionRowIndex);
      must(focused === 1, `row ${focused} has focus`);
    },
  },
  {
    name: "the language is switched, and remembered",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      await page.getByRole("button", { name: "中文" }).click();
      await page.getByRole("heading", { name: "服务方法" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "服务方法" }).waitFor();
      must((await page.locator("html").getAttribute("lang")) === "zh", "the document is not called Chinese");
    },
  },
  {
    name: "the theme is switched, and remembered",
    async run(tab) {
      await tab.overview();
      const { page } = tab;
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await page.keyboard.press("t");
      const dark = await ground();
      must(light !== dark, "dark looks like light");
      await page.reload();
      must((await ground()) === dark, "the theme is forgotten");
    },
  },
];
