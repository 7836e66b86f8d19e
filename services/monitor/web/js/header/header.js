/** The head of every page: where one is, the search, whether figures are live, and the switches. */

import { h, setAttribute, setText } from "../dom.js";
import { icon } from "../icon.js";
import { link } from "../route.js";
import { showShortcuts } from "../shortcuts.js";
import { switchTheme, theme } from "../theme.js";
import { forgetToken, heldToken } from "../token.js";
import { toast } from "../toast.js";
import { t } from "../words/index.js";
import { liveState } from "./live_state.js";
import { searchBox } from "./search_box.js";

/** @import { Feed } from "../feed.js" */
/** @import { IconName } from "../icon.js" */
/** @import { PageName, Route } from "../route.js" */
/** @import { Alarm } from "../types.js" */

/** @type {Record<string, IconName>} */
const THEME_ICONS = { auto: "auto", dark: "moon", light: "sun" };

/**
 * @param {Feed} feed
 * @param {() => void} onLanguage
 */
export function header(feed, onLanguage) {
  const live = liveState(feed);
  const search = searchBox();
  const firing = h("span", { class: "count", hidden: true });
  const pages = [pageLink("overview", t("overview")), pageLink("alarms", t("alarms"), firing)];
  const themeButton = iconButton("auto", "", () => {
    switchTheme();
    showTheme();
  });
  const tokenButton = iconButton("key", t("forget_token"), () => {
    forgetToken();
    toast(t("token_forgotten"));
  });
  const languageButton = h(
    "button",
    {
      type: "button",
      class: "button bare language",
      title: t("switch_language_hint"),
      on: { click: onLanguage },
    },
    t("switch_language"),
  );

  function showTheme() {
    const name = theme();
    themeButton.replaceChildren(icon(THEME_ICONS[name] ?? "auto"));
    setAttribute(themeButton, "aria-label", t(`theme_${name}`));
    setAttribute(themeButton, "title", t(`theme_${name}`));
  }

  showTheme();
  const element = h(
    "header",
    { class: "head" },
    h("a", { class: "skip", href: "#content", on: { click: skip } }, t("skip_to_content")),
    h(
      "a",
      { class: "brand", href: link("overview"), "aria-label": t("page_title") },
      h("img", { src: "/web/icon.svg", alt: "", width: 22, height: 22 }),
      h("span", {}, t("page_title")),
    ),
    h("nav", { "aria-label": t("main_navigation") }, ...pages.map(({ element }) => element)),
    search.element,
    h(
      "div",
      { class: "switches" },
      live.element,
      tokenButton,
      languageButton,
      themeButton,
      iconButton("help", t("shortcuts"), showShortcuts, "keys"),
    ),
  );

  return {
    element,
    search,
    /** @param {Route} route */
    route(route) {
      for (const { page, element } of pages) setAttribute(element, "aria-current", page === route.page ? "page" : null);
      search.route(route);
    },
    /** @param {Alarm[]} alarms */
    alarms(alarms) {
      const count = loudAlarms(alarms);
      firing.hidden = count === 0;
      setText(firing, String(count));
      setAttribute(firing, "aria-label", t("count_firing", { count }));
    },
    live: live.update,
    theme: showTheme,
    token() {
      tokenButton.hidden = heldToken() === null;
    },
  };
}

/**
 * How many alarms fire and are not silenced.
 *
 * @param {Alarm[]} alarms
 */
export function loudAlarms(alarms) {
  return alarms.filter(({ state, silenced }) => state === "firing" && !silenced).length;
}

/**
 * @param {PageName} page
 * @param {string} text
 * @param {HTMLElement} [more]
 */
function pageLink(page, text, more) {
  return { page, element: h("a", { href: link(page) }, text, more) };
}

/**
 * @param {IconName} name
 * @param {string} label
 * @param {() => void} click
 * @param {string} [className]
 */
function iconButton(name, label, click, className = "") {
  return h(
    "button",
    { type: "button", class: `button bare ${className}`, "aria-label": label, title: label, on: { click } },
    icon(name),
  );
}

/** @param {Event} event  the address after `#` is the route, so the jump is made by hand */
function skip(event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
