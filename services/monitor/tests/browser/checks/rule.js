/** A rule fires, is silenced, and clears, all under a load that the test starts and ends. */

import { must, until } from "../check.js";
import { startLoad } from "../load.js";

/** @import { Check } from "../check.js" */
/** @import { Tab } from "../tab.js" */

const HOSTILE_AUTHOR = "<script>alert(1)</script>";
const HOSTILE_COMMENT = "<img src=x onerror=alert(2)>";
const REFUSED = /status of 401/;

/** @param {Tab} tab */
function alarmRow({ page, given }) {
  return page.locator(".active tbody tr", { hasText: given.rule });
}

/** @param {Tab} tab */
function silenceRow({ page, given }) {
  return page.locator(".silences tbody tr", { hasText: `rule=${given.rule}` });
}

/**
 * Fills and sends the form of a silence of the rule's alarm.
 *
 * @param {Tab} tab
 */
async function askForSilence(tab) {
  const { page } = tab;
  await alarmRow(tab)
    .first()
    .getByRole("button", { name: `Silence ${tab.given.rule}` })
    .click();
  await page.getByLabel("Author").fill(HOSTILE_AUTHOR);
  await page.getByLabel("Comment").fill(HOSTILE_COMMENT);
  await page.locator(".silence-form button[type=submit]").click();
}

/** @param {Tab} tab */
async function silencesOfRule(tab) {
  const { silences } = await tab.ask("/api/alarms");
  return silences.filter((/** @type {any} */ { matcher }) => matcher.rule === tab.given.rule);
}

/** @type {(() => Promise<void>) | null} */
let endLoad = null;
let loadedSince_s = 0;

/** @type {Check[]} Comes first: the load it starts runs during all others. */
export const calm = [
  {
    name: "nothing of the rule is said before the load",
    async run(tab) {
      const { now, alarms } = await tab.ask("/api/overview");
      must(!alarms.some((/** @type {any} */ alarm) => alarm.rule === tab.given.rule), `${tab.given.rule} is not calm`);
      await tab.overview();
      must((await tab.page.locator(".chip", { hasText: tab.given.rule }).count()) === 0, "the strip says otherwise");
      loadedSince_s = now;
      endLoad = startLoad(tab.given.load);
    },
  },
];

/** @type {Check[]} */
export const rule = [
  {
    name: "a rule fires, and the overview says so",
    async run(tab) {
      await tab.overview();
      const chip = tab.page.locator(".chip[data-state=firing]", { hasText: tab.given.rule });
      await until(`${tab.given.rule} to fire`, tab.given.firesWithin_ms, async () => (await chip.count()) > 0);
      must(/\(\d+\)/.test(await tab.page.title()), "the window's title does not count it");
      await tab.visit("#/alarms");
      await alarmRow(tab).first().waitFor();
    },
  },
  {
    name: "a wrong token is refused, and changes nothing",
    async run(tab) {
      const { page } = tab;
      tab.expect(REFUSED);
      await tab.visit("#/alarms");
      await askForSilence(tab);
      const dialog = page.getByRole("dialog", { name: "This change needs the token" });
      await dialog.getByLabel("Token").fill("certainly-not-the-token");
      await page.keyboard.press("Enter");
      await dialog.getByText("The centre refused this token.").waitFor();
      must((await silencesOfRule(tab)).length === 0, "a silence was made all the same");
      must((await page.evaluate(() => sessionStorage.length)) === 0, "a refused token is kept");
    },
  },
  {
    name: "a silence holds until it is expired, and its author stays text",
    async run(tab) {
      const { page, given } = tab;
      tab.expect(REFUSED);
      await tab.visit("#/alarms");
      await askForSilence(tab);
      await page.getByRole("textbox", { name: "Token" }).fill(given.token);
      await page.keyboard.press("Enter");
      await silenceRow(tab).waitFor();
      must((await silenceRow(tab).textContent())?.includes(HOSTILE_AUTHOR), "the author reads otherwise");
      await alarmRow(tab).first().locator(".badge", { hasText: "silenced" }).waitFor({ timeout: 30_000 });
      const kept = await page.evaluate(() => JSON.stringify([localStorage, location.href]));
      must(!kept.includes(given.token), "the token is kept beyond the tab, or stands in the address");

      // The token is known now, so that nobody is asked again.
      await silenceRow(tab).getByRole("button", { name: "Expire" }).click();
      await silenceRow(tab).waitFor({ state: "detached" });
      await alarmRow(tab).first().locator(".badge:visible").waitFor({ state: "detached", timeout: 30_000 });
      must((await silencesOfRule(tab)).length === 0, "the centre still has the silence");
    },
  },
  {
    name: "the rule clears, and the history remembers it",
    async run(tab) {
      await endLoad?.();
      await tab.visit("#/alarms");
      await tab.page.locator(".alarms:not(.waiting)").waitFor();
      await until(`${tab.given.rule} to clear`, tab.given.firesWithin_ms, async () => (await alarmRow(tab).count()) === 0);
      const { history } = await tab.ask("/api/alarms");
      const ended = history.filter((/** @type {any} */ past) => past.rule === tab.given.rule && past.to >= loadedSince_s);
      must(ended.length > 0, "the history does not have it");
      await tab.page.locator(".history tbody tr", { hasText: tab.given.rule }).first().waitFor();
    },
  },
];
