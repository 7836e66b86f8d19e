/** The one-screen overview: alarms, tiles, methods, call graph, instances. */

import { choice } from "../choice.js";
import { h } from "../dom.js";
import { link, replaceRoute } from "../route.js";
import { t } from "../words/index.js";
import { alarmStrip } from "./alarm_strip.js";
import { graph } from "./graph.js";
import { instances } from "./instances.js";
import { methods } from "./methods.js";
import { tiles } from "./tiles.js";

/** @import { Feed } from "../feed.js" */
/** @import { Overview } from "../types.js" */
/** @import { View } from "../view.js" */

const RANGES_S = /** @type {const} */ ([900, 3600, 21600, 86400]);
const RANGE_DEFAULT_S = 3600;

/**
 * @param {Feed} feed
 * @returns {View}
 */
export function overviewView(feed) {
  const parts = { strip: alarmStrip(), tiles: tiles(), methods: methods(), graph: graph(), instances: instances() };
  const ranges = choice(
    t("range"),
    RANGES_S.map((value) => ({ value, text: t(`range_${value}`) })),
    (range_s) => replaceRoute(link("overview", `range=${range_s}`)),
  );
  const element = h(
    "div",
    { class: "overview figures" },
    h("h1", { class: "unseen" }, t("overview")),
    h("p", { class: "waiting-note nothing" }, t("waiting")),
    h("div", { class: "overview-top" }, parts.strip.element, ranges.element),
    parts.tiles.element,
    parts.methods.element,
    parts.graph.element,
    parts.instances.element,
  );

  /** @param {Overview} overview */
  function update(overview) {
    element.classList.remove("waiting");
    parts.strip.update(overview.alarms);
    parts.tiles.update(overview.tiles, feed.range_s);
    parts.methods.update(overview.methods);
    parts.graph.update(overview.graph);
    parts.instances.update(overview.instances);
  }

  element.classList.add("waiting");
  const stop = feed.onOverview(update);
  if (feed.latest) update(feed.latest);

  return {
    element,
    title: () => "",
    route(params) {
      const wanted = Number(params.get("range"));
      const range_s = RANGES_S.find((range) => range === wanted) ?? RANGE_DEFAULT_S;
      ranges.choose(range_s);
      feed.setRange(range_s);
    },
    destroy() {
      stop();
      parts.graph.destroy();
    },
  };
}
