// All rows that can be used, drawn only where they are in sight and fetched a page at a time.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { TokenizedRow, TokenizedSummary } from "../../../engine/api";
import { formatCount } from "../../format";
import { useStore } from "../../store";
import styles from "./data-room.module.css";
import { TokenText } from "./token-text";

export interface RowTableProps {
  readonly tokenized: TokenizedSummary;
}

const PAGE = 50;

export function RowTable({ tokenized }: RowTableProps) {
  const readRows = useStore((state) => state.tokenizedRows);
  const scroller = useRef<HTMLDivElement>(null);
  const [pages, setPages] = useState<ReadonlyMap<number, readonly TokenizedRow[]>>(new Map());
  const asked = useRef(new Set<number>());
  const virtual = useVirtualizer({
    count: tokenized.rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => 72,
    overscan: 4,
  });
  const items = virtual.getVirtualItems();
  const first = Math.floor((items[0]?.index ?? 0) / PAGE);
  const last = Math.floor((items.at(-1)?.index ?? 0) / PAGE);

  useEffect(() => {
    asked.current.clear();
    setPages(new Map());
  }, [tokenized]);
  useEffect(() => {
    for (let page = first; page <= last; page++) {
      if (asked.current.has(page)) continue;
      asked.current.add(page);
      void readRows(page * PAGE, PAGE).then((rows) => {
        if (rows) setPages((known) => new Map(known).set(page, rows));
        else asked.current.delete(page);
      });
    }
  }, [first, last, readRows, tokenized]);

  return (
    <div
      ref={scroller}
      className={styles.rows}
      role="region"
      aria-label="Rows as the model gets them"
      tabIndex={0}
    >
      <div
        role="table"
        aria-rowcount={tokenized.rows}
        className={styles.table}
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map((item) => {
          const row = pages.get(Math.floor(item.index / PAGE))?.[item.index % PAGE];
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              role="row"
              aria-rowindex={item.index + 1}
              className={styles.row}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <div role="rowheader" className={styles.rowHead}>
                <span>Row {formatCount(row?.row ?? item.index + 1)}</span>
                {row && (
                  <span className={styles.note}>
                    line {formatCount(row.line)}, {formatCount(row.length)} tokens{row.isCut ? ", cut" : ""}
                  </span>
                )}
              </div>
              <div role="cell" className={styles.rowText}>
                {row ? <TokenText row={row} /> : <span className={styles.note}>Reading …</span>}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}
