/**
 * A tab of the browser that watches itself: errors of scripts, refusals of the content policy, dialogs, and requests to anywhere but
 * the centre fail the check.
 */

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { must } from "./check.js";

/** @import { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core" */
/** @import { Settings } from "./settings.js" */

export class Tab {
  /** @type {string[]} */
  #complaints = [];
  /** @type {RegExp | null} */
  #expected = null;

  /**
   * @param {BrowserContext} context
   * @param {Page} page
   * @param {Settings} given
   */
  constructor(context, page, given) {
    this.context = context;
    this.page = page;
    this.given = given;
    page.on("pageerror", (error) => this.#complaints.push(`a script failed: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.#complaints.push(`a dialog opened: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("console", (message) => {
      if (message.type() === "error") this.#complaints.push(`the console says: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${given.url}/`)) this.#complaints.push(`a request left the centre: ${request.url()}`);
    });
  }

  /**
   * @param {Browser} browser
   * @param {Settings} given
   * @param {BrowserContextOptions} [options]
   */
  static async open(browser, given, options = {}) {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: "en-US",
      colorScheme: "light",
      ...options,
    });
    context.setDefaultTimeout(15_000);
    return new Tab(context, await context.newPage(), given);
  }

  /** @param {string} hash  "#/overview", … */
  async visit(hash) {
    await this.page.goto(`${this.given.url}/${hash}`);
    await this.page.locator(".head").waitFor();
  }

  /** Waits for an overview with figures. */
  async overview() {
    await this.visit("#/overview");
    await this.page.locator(".overview:not(.waiting)").waitFor();
  }

  /**
   * The centre's own answer, past the page.
   *
   * @param {string} target
   * @returns {Promise<any>}
   */
  async ask(target) {
    const response = await fetch(`${this.given.url}${target}`);
    must(response.ok, `${target} answers ${response.status}`);
    return response.json();
  }

  /** @param {RegExp} complaint  what the console may say in this check */
  expect(complaint) {
    this.#expected = complaint;
  }

  complaints() {
    return this.#complaints.filter((text) => !this.#expected?.test(text));
  }

  complain() {
    const complaints = this.complaints();
    must(complaints.length === 0, complaints.join("\n"));
  }

  /** @param {string} name */
  async picture(name) {
    if (!this.given.screenshots) return;
    await mkdir(this.given.screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(this.given.screenshots, `${name.replace(/\W+/g, "-")}.png`) });
  }

  async close() {
    await this.context.close();
  }
}
