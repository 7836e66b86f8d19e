/** From rows and columns to pixels: as much of the room as there is, and more, to be scrolled, where it is too small to read. */

/** @import { Layout, Spot } from "./graph_layout.js" */

/**
 * @typedef {Object} Frame
 * @property {number} width  of the picture, pixels
 * @property {number} height
 * @property {number} nodeWidth
 * @property {number} nodeHeight
 * @property {(spot: Spot) => number} x  of a spot's middle
 * @property {(spot: Spot) => number} y
 */

const NODE_HEIGHT = 34;
const NODE_WIDTH_MOST = 126;
const NODE_WIDTH_LEAST = 104;
/** The room between columns, as a share of a node's width. */
const COLUMN_GAP_SHARE = 0.42;
const COLUMN_GAP_LEAST = 34;
const ROW_HEIGHT_LEAST = 38;
const ROW_HEIGHT_MOST = 74;
const MARGIN = 8;

/**
 * @param {Layout} plan
 * @param {{ width: number, height: number }} room
 * @returns {Frame}
 */
export function frameOf({ columns, rows }, room) {
  const gaps = Math.max(1, columns - 1);
  const share = (room.width - 2 * MARGIN) / (columns + gaps * COLUMN_GAP_SHARE);
  const nodeWidth = Math.min(NODE_WIDTH_MOST, Math.max(NODE_WIDTH_LEAST, share));
  const width = Math.max(room.width, 2 * MARGIN + columns * nodeWidth + gaps * COLUMN_GAP_LEAST);
  const pitch = (width - 2 * MARGIN - nodeWidth) / gaps;
  const rowHeight = Math.min(ROW_HEIGHT_MOST, Math.max(ROW_HEIGHT_LEAST, (room.height - 2 * MARGIN) / rows));
  const used = rows * rowHeight + 2 * MARGIN;
  const height = Math.max(used, room.height);
  const top = MARGIN + (height - used) / 2;
  return {
    width,
    height,
    nodeWidth,
    nodeHeight: NODE_HEIGHT,
    x: ({ column }) => (columns === 1 ? width / 2 : MARGIN + nodeWidth / 2 + column * pitch),
    y: ({ row }) => top + (row + 0.5) * rowHeight,
  };
}
