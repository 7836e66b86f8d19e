/** Starts the page: one header, one feed, and the view that the address names. */

import { alarmsView } from "./alarms/alarms.js";
import { curveView } from "./curve/curve.js";
import { h } from "./dom.js";
import { Feed } from "./feed.js";
import { header as makeHeader, loudAlarms } from "./header/header.js";
import { listenToKeys } from "./keys.js";
import { overviewView } from "./overview/overview.js";
import { currentRoute } from "./route.js";
import { searchView } from "./search/search.js";
import { showShortcuts } from "./shortcuts.js";
import { switchTheme } from "./theme.js";
import { onToken } from "./token.js";
import { switchLanguage, t } from "./words/index.js";

/** @import { PageName } from "./route.js" */
/** @import { View } from "./view.js" */

const feed = new Feed();
const content = h("main", { id: "content", tabindex: -1 });
let header = makeHeader(feed, changeLanguage);
/** @type {{ page: PageName, view: View } | null} */
let shown = null;

/** @type {Record<PageName, () => View>} */
const VIEWS = {
  overview: () => overviewView(feed),
  curve: () => curveView(feed),
  search: () => searchView(),
  alarms: () => alarmsView(feed),
};

function show() {
  const { page, params } = currentRoute();
  if (shown?.page !== page) {
    shown?.view.destroy();
    shown = { page, view: VIEWS[page]() };
    content.dataset.page = page;
    content.replaceChildren(shown.view.element);
    content.scrollTop = 0;
    scrollTo(0, 0);
  }
  header.route({ page, params });
  shown.view.route(params);
  entitle();
}

/** Words are put in when a part is made, so another language means all parts anew; nothing is loaded. */
function changeLanguage() {
  switchLanguage();
  const before = header.element;
  header = makeHeader(feed, changeLanguage);
  before.replaceWith(header.element);
  shown?.view.destroy();
  shown = null;
  show();
  refreshHeader();
}

function changeTheme() {
  switchTheme();
  header.theme();
}

function refreshHeader() {
  header.live();
  header.token();
  if (feed.latest) header.alarms(feed.latest.alarms);
}

/** The window's title and icon tell of alarms when the page itself is not in sight. */
function entitle() {
  const count = feed.latest ? loudAlarms(feed.latest.alarms) : 0;
  const parts = [shown?.view.title(), t("page_title")].filter(Boolean);
  document.title = `${count > 0 ? `(${count}) ` : ""}${parts.join(" · ")}`;
  const sign = document.querySelector("link[rel=icon]");
  const href = count > 0 ? "/web/icon_firing.svg" : "/web/icon.svg";
  if (sign?.getAttribute("href") !== href) sign?.setAttribute("href", href);
}

document.body.replaceChildren(header.element, content);
addEventListener("hashchange", show);
onToken(refreshHeader);
feed.onState(() => header.live());
feed.onOverview((overview) => {
  header.alarms(overview.alarms);
  entitle();
});
listenToKeys({
  search: () => header.search.focus(),
  theme: changeTheme,
  language: changeLanguage,
  help: showShortcuts,
  view: (key) => shown?.view.key?.(key) ?? false,
});
feed.start();
show();
refreshHeader();
