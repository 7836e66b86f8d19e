/**
 * The search for series: suggestions below while one types, all of them on the search page. A combobox as WAI-ARIA describes it:
 * focus stays in the input, arrows move through the list, Enter opens.
 */

import * as api from "../api.js";
import { h, setAttribute, setText } from "../dom.js";
import { icon } from "../icon.js";
import { labelText } from "../labels.js";
import { currentRoute, go, link, replaceRoute } from "../route.js";
import { seriesLink } from "../search/series_link.js";
import { t } from "../words/index.js";

/** @import { Route } from "../route.js" */
/** @import { Series } from "../types.js" */

const SUGGESTIONS_MOST = 9;
/** A pause in typing this long is worth a question. */
const PAUSE_MS = 140;

export function searchBox() {
  const input = h("input", {
    type: "search",
    id: "search",
    role: "combobox",
    placeholder: t("search_placeholder"),
    "aria-label": t("search_label"),
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "suggestions",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    on: { input: typed, keydown: key, focus: typed, blur: close },
  });
  const list = h("div", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": t("search"), hidden: true });
  const element = h(
    "search",
    { class: "search" },
    icon("search"),
    input,
    h("kbd", { class: "search-key", "aria-hidden": "true" }, "/"),
    list,
  );
  /** @type {{ element: HTMLElement, href: string }[]} */
  let options = [];
  let chosen = -1;
  let timer = 0;
  let asking = new AbortController();

  function typed() {
    clearTimeout(timer);
    asking.abort();
    const text = input.value.trim();
    if (currentRoute().page === "search") {
      timer = setTimeout(() => replaceRoute(searchLink(text)), PAUSE_MS);
      return;
    }
    if (text === "") close();
    else timer = setTimeout(() => ask(text), PAUSE_MS);
  }

  /** @param {string} text */
  async function ask(text) {
    asking = new AbortController();
    const { signal } = asking;
    try {
      const { series } = await api.series(text, SUGGESTIONS_MOST, signal);
      if (!signal.aborted && document.activeElement === input) offer(text, series);
    } catch {
      if (!signal.aborted) close(); // The search page says why.
    }
  }

  /**
   * @param {string} text
   * @param {Series[]} series
   */
  function offer(text, series) {
    const found = series.slice(0, SUGGESTIONS_MOST).map((one) => ({ element: suggestion(one), href: seriesLink(one) }));
    const all = h(
      "div",
      { role: "option", class: "suggestion all" },
      h("span", {}, t(found.length > 0 ? "search_all" : "search_none", { text })),
    );
    options = [...found, { element: all, href: searchLink(text) }];
    for (const [i, { element, href }] of options.entries()) {
      element.id = `suggestion-${i}`;
      // Before the input loses focus, which would close the list.
      element.addEventListener("pointerdown", (event) => event.preventDefault());
      element.addEventListener("click", () => open(href));
    }
    list.replaceChildren(...options.map(({ element }) => element));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    choose(found.length > 0 ? 0 : options.length - 1);
  }

  function close() {
    clearTimeout(timer);
    asking.abort();
    list.hidden = true;
    options = [];
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  function choose(index) {
    chosen = index;
    for (const [i, { element }] of options.entries()) setAttribute(element, "aria-selected", String(i === index));
    const element = options[index]?.element;
    setAttribute(input, "aria-activedescendant", element?.id ?? null);
    element?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} href */
  function open(href) {
    close();
    input.blur();
    go(href);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length > 0) {
      event.preventDefault();
      choose((chosen + step + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(options[chosen]?.href ?? searchLink(input.value.trim()));
    } else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      close();
    }
  }

  return {
    element,
    focus() {
      input.focus();
      input.select();
    },
    /** @param {Route} route */
    route({ page, params }) {
      if (page !== "search") input.value = "";
      else if (document.activeElement !== input) input.value = params.get("match") ?? "";
    },
  };
}

/** @param {string} match */
function searchLink(match) {
  return link("search", new URLSearchParams({ match }));
}

/** @param {Series} series */
function suggestion({ name, labels, help }) {
  const element = h(
    "div",
    { role: "option", class: "suggestion" },
    h("span", { class: "suggestion-name" }),
    h("span", { class: "suggestion-labels" }),
    h("span", { class: "suggestion-help" }),
  );
  const [nameText, labelsText, helpText] = element.children;
  if (nameText) setText(nameText, name);
  if (labelsText) setText(labelsText, labelText(labels));
  if (helpText) setText(helpText, help);
  return element;
}
