/** Whether the figures are of now: a light and a word in the header, and a mark on the page that pales them when they are not. */

import { span } from "../clock.js";
import { h, setAttribute, setText } from "../dom.js";
import { t } from "../words/index.js";

/** @import { Feed } from "../feed.js" */

/**
 * @param {Feed} feed
 * @returns {{ element: HTMLElement, update: () => void }}
 */
export function liveState(feed) {
  const word = h("span", { class: "live-word" });
  const element = h("span", { class: "live", role: "status" }, h("span", { class: "live-light" }), word);
  return {
    element,
    update() {
      const age = span(feed.age_s());
      setAttribute(element, "data-state", feed.state);
      setAttribute(document.documentElement, "data-live", feed.state);
      if (feed.state === "stale") setText(word, t("live_stale", { age }));
      else setText(word, feed.state === "live" ? t("live") : t("live_connecting"));
      element.title = feed.state === "stale" ? t("live_stale_hint", { age }) : t("live_hint");
    },
  };
}
