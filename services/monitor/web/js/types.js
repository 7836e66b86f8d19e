/**
 * What the centre's JSON API answers. Times are unix seconds.
 *
 * @typedef {Object} Alarm
 * @property {string} id
 * @property {string} rule
 * @property {"pending" | "firing" | "recovering" | "no_data" | "error"} state
 * @property {"warning" | "critical"} severity
 * @property {Record<string, string>} labels
 * @property {number | null} value
 * @property {number | null} threshold
 * @property {number | null} since
 * @property {boolean} silenced
 * @property {string} summary
 * @property {string | null} query  the curve that its rule watches
 *
 * @typedef {Object} Tile
 * @property {string} key
 * @property {string} unit
 * @property {number | null} value
 * @property {number | null} yesterday
 * @property {(number | null)[]} spark
 * @property {string} query
 *
 * @typedef {Object} Method
 * @property {string} service
 * @property {string} method
 * @property {string} side
 * @property {number} qps
 * @property {number} success  0 to 1
 * @property {number | null} p50_us
 * @property {number | null} p99_us
 * @property {number | null} queue_us
 * @property {number} rejected  a second
 * @property {number} retries  a second
 * @property {number} hedges  a second
 * @property {string} query
 *
 * @typedef {Object} GraphNode
 * @property {string} name  of a service in full, or of a role that serves none of its own
 * @property {number} qps
 * @property {number} errors  0 to 1
 * @property {number | null} p99_us
 *
 * @typedef {Object} GraphEdge
 * @property {string} from
 * @property {string} to
 * @property {number} qps
 * @property {number} errors  0 to 1
 * @property {number | null} p99_us
 *
 * @typedef {Object} Instance
 * @property {string} host
 * @property {string} instance
 * @property {string} service
 * @property {string} version
 * @property {string} gray
 * @property {number | null} cpu  cores
 * @property {number | null} rss  bytes
 * @property {number | null} files
 * @property {number | null} lag_us
 * @property {number | null} up_s
 * @property {number | null} last_report_s
 * @property {boolean} silent
 *
 * @typedef {Object} Overview
 * @property {number} now
 * @property {Alarm[]} alarms
 * @property {Tile[]} tiles
 * @property {Method[]} methods
 * @property {{ nodes: GraphNode[], edges: GraphEdge[] }} graph
 * @property {Instance[]} instances
 *
 * @typedef {Object} Series
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {string} kind
 * @property {string} unit
 * @property {string} help
 * @property {number | null} last
 *
 * @typedef {Object} SeriesList
 * @property {Series[]} series
 * @property {boolean} more
 *
 * @typedef {Object} Line
 * @property {string} title
 * @property {null | "yesterday" | "lastweek"} overlay
 * @property {(number | null)[]} v
 *
 * @typedef {Object} Curve
 * @property {number[]} t
 * @property {Line[]} lines
 * @property {string} unit
 * @property {string} kind
 * @property {string} help
 * @property {number} [dropped]  lines that were too many
 *
 * @typedef {Object} Silence
 * @property {string} id
 * @property {Record<string, string>} matcher
 * @property {number} until
 * @property {string} author
 * @property {string} comment
 *
 * @typedef {Object} PastAlarm
 * @property {string} rule
 * @property {Record<string, string>} labels
 * @property {number} from
 * @property {number} to
 * @property {number | null} peak
 *
 * @typedef {Object} Rule
 * @property {string} name
 * @property {string} summary
 * @property {string} state
 *
 * @typedef {Object} Alarms
 * @property {Alarm[]} active
 * @property {Silence[]} silences
 * @property {PastAlarm[]} history
 * @property {Rule[]} rules
 */

export {};
