// The page's own small set of line icons on a 20 px grid, 1.5 px strokes. Always decoration: what an icon means stands in
// words beside it or in the label of its button.

import styles from "./icon.module.css";

const paths = {
  model: "M10 2.8 16.2 6.4v7.2L10 17.2l-6.2-3.6V6.4L10 2.8Zm0 7.2 6.2-3.6M10 10v7.2M10 10 3.8 6.4",
  data: "M4 4.5h12M4 8.2h12M4 11.8h12M4 15.5h7",
  train: "M3 3.5v13h14M5.8 6c1.4 0 1.8 5.8 4.4 7.2 1.4.8 3.4.9 5.6.9",
  chat: "M3.5 4.5h13v9H9l-3.5 3v-3h-2v-9Z",
  export: "M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M3.5 13v3.5h13V13",
  runs: "M10 4.2v6l3.8 2.2M10 17a7 7 0 1 0-6.6-9.4M3 3.8v4h4",
  check: "m4.5 10.5 3.6 3.7 7.4-8.4",
  close: "m5 5 10 10M15 5 5 15",
  warning: "M10 3.2 17.3 16H2.7L10 3.2Zm0 4.6v4m0 2.1v.3",
  error: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3.6v4.2m0 2.4v.3",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 6.2v4.3m0-7v.3",
  file: "M5 2.8h6.2L15 6.6v10.6H5V2.8Zm6 0v4h4",
  folder: "M2.8 5h5l1.6 2h7.8v9H2.8V5Z",
  import: "M10 12.5v-9m0 0L6.5 7M10 3.5 13.5 7M3.5 13v3.5h13V13",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  play: "M6.2 4.2v11.6l9.4-5.8-9.4-5.8Z",
  pause: "M7 4.5v11M13 4.5v11",
  stop: "M5.5 5.5h9v9h-9z",
  edit: "m4 16 .8-3.4L13.2 4.2l2.6 2.6-8.4 8.4L4 16Z",
  trash: "M4 5.5h12M8 5.5V3.6h4v1.9M5.6 5.5l.7 11h7.4l.7-11M8.5 8.6v4.9m3-4.9v4.9",
  copy: "M7.2 7.2h9v9h-9v-9Zm-3.4 5.6V3.8h9",
  again: "M15.8 10a5.8 5.8 0 1 1-1.9-4.3M16 3.4v3.4h-3.4",
  add: "M10 4v12M4 10h12",
  search: "M8.8 3.4a5.4 5.4 0 1 0 0 10.8 5.4 5.4 0 0 0 0-10.8Zm4 9.4 4 4",
  left: "m12 4.5-5.5 5.5 5.5 5.5",
  right: "m8 4.5 5.5 5.5L8 15.5",
  down: "m4.5 7.5 5.5 5.5 5.5-5.5",
  light:
    "M10 6.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8ZM10 1.8v1.8m0 12.8v1.8M1.8 10h1.8m12.8 0h1.8M4.2 4.2l1.3 1.3m9 9 1.3 1.3m0-11.6-1.3 1.3m-9 9-1.3 1.3",
  dark: "M16.4 12.2A7 7 0 0 1 7.8 3.6a7 7 0 1 0 8.6 8.6Z",
  system: "M2.8 4h14.4v9.4H2.8V4Zm4 12.6h6.4M10 13.4v3.2",
  chip: "M5.5 5.5h9v9h-9v-9Zm2.6-3v3m3.8-3v3m-3.8 9v3m3.8-3v3m2.6-9.4h3m-3 3.8h3m-15-3.8h3m-3 3.8h3",
  lock: "M5 9h10v7.6H5V9Zm2-.2V6.6a3 3 0 0 1 6 0v2.2",
  settings: "M3 6h8m4 0h2M3 14h2m4 0h8M13 4v4m-6 4v4",
} as const;

export type IconName = keyof typeof paths;

export interface IconProps {
  readonly name: IconName;
}

export function Icon({ name }: IconProps) {
  return (
    <svg className={styles.icon} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} className={name === "more" ? styles.dots : undefined} />
    </svg>
  );
}
