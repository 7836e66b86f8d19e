/**
 * Which curve stands behind a figure of the overview: the names under which the framework counts itself.
 *
 * @import { Alarm, GraphEdge, GraphNode, Instance, Method } from "./types.js"
 * @import { Value } from "./query.js"
 */

import { formatLabels } from "./labels.js";
import { link } from "./route.js";

/**
 * The link of a `query` that the server made.
 *
 * @param {string} query
 * @param {Record<string, string>} [more]
 */
export function queryLink(query, more = {}) {
  const params = new URLSearchParams(query);
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return link("curve", params);
}

/**
 * @param {Method} method
 * @param {"codes" | "p50" | "p99" | "queue" | "rejected" | "retries" | "hedges"} figure
 */
export function methodCurve({ service, method, side }, figure) {
  const labels = { service, method };
  const rpc = side === "client" ? "rpc_client" : "rpc_server";
  switch (figure) {
    case "codes":
      return curve(`${rpc}_calls`, labels, "rate", "code");
    case "p50":
    case "p99":
      return curve(`${rpc}_latency_microseconds`, labels, figure);
    case "queue":
      return curve(`${rpc}_queueing_microseconds`, labels, "avg");
    case "rejected":
      return curve(`${rpc}_rejections`, labels, "rate", "reason");
    case "retries":
      return curve(`${rpc}_retries`, labels, "rate");
    case "hedges":
      return curve("rpc_client_hedges", labels, "rate");
  }
}

/**
 * @param {Instance} instance
 * @param {"cpu" | "rss" | "files" | "lag" | "uptime"} figure
 */
export function instanceCurve({ instance }, figure) {
  const labels = { instance };
  switch (figure) {
    case "cpu":
      return curve("process_cpu_microseconds", labels, "rate");
    case "rss":
      return curve("process_resident_memory_bytes", labels, "max");
    case "files":
      return curve("process_open_files", labels, "max");
    case "lag":
      return curve("process_runtime_lag_microseconds", labels, "p99");
    case "uptime":
      return curve("process_uptime_seconds", labels, "last");
  }
}

/**
 * The calls that a module serves.
 *
 * @param {GraphNode} node
 */
export function nodeCurve({ name }) {
  return curve("rpc_server_calls", isService(name) ? { service: name } : { role: name }, "rate", "method");
}

/**
 * The calls of one module to another, as the caller counts them.
 *
 * @param {GraphEdge} edge
 * @param {"calls" | "errors" | "p99"} figure
 */
export function edgeCurve({ from, to }, figure) {
  const labels = { role: roleOf(from), service: to };
  switch (figure) {
    case "calls":
      return curve("rpc_client_calls", labels, "rate", "method");
    case "errors":
      return curve("rpc_client_calls", labels, "rate", "code");
    case "p99":
      return curve("rpc_client_latency_microseconds", labels, "p99", "method");
  }
}

/**
 * A service's full name has its package before it, which a role's has not.
 *
 * @param {string} name
 */
function isService(name) {
  return name.includes(".");
}

/**
 * The role that a service is named after: of `im.message.Message` it is `message`.
 *
 * @param {string} name
 */
function roleOf(name) {
  return name.split(".").at(-2) ?? name;
}

/**
 * The curve an alarm watches, with its threshold drawn across.
 *
 * @param {Alarm} alarm
 * @returns {string | null}
 */
export function alarmCurve({ query, threshold }) {
  if (!query) return null;
  return queryLink(query, threshold === null ? {} : { threshold: String(threshold) });
}

/**
 * @param {string} name
 * @param {Record<string, string>} labels
 * @param {Value} value
 * @param {string} [by]
 */
export function curve(name, labels, value, by = "all") {
  const params = new URLSearchParams({ name, value });
  if (Object.keys(labels).length > 0) params.set("labels", formatLabels(labels));
  if (by !== "all") params.set("by", by);
  return link("curve", params);
}
