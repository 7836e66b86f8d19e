/**
 * Where the page is, kept in the address after `#`: `#/curve?name=…`. The server sees `/` only, so every link is deep and works offline.
 *
 * @typedef {"overview" | "curve" | "search" | "alarms"} PageName
 * @typedef {{ page: PageName, params: URLSearchParams }} Route
 */

/** @type {PageName[]} */
const PAGES = ["overview", "curve", "search", "alarms"];

/**
 * @param {string} hash  with its `#`; what names no page is the overview
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path = "", search = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const page = PAGES.find((name) => name === path) ?? "overview";
  return { page, params: new URLSearchParams(search) };
}

/**
 * @param {PageName} page
 * @param {URLSearchParams | string} [params]
 * @returns {string}  for a link's `href`
 */
export function link(page, params = "") {
  const search = String(params);
  return search ? `#/${page}?${search}` : `#/${page}`;
}

/** @returns {Route} */
export function currentRoute() {
  return parseRoute(location.hash);
}

/** @param {string} href  made by `link` */
export function go(href) {
  location.hash = href;
}

/**
 * As `go`, without a step in the history: for what changes while one types.
 *
 * @param {string} href
 */
export function replaceRoute(href) {
  history.replaceState(null, "", href);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/**
 * @param {string} text
 * @param {string} mark
 * @returns {string[]}
 */
function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}
