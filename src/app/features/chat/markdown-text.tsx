// Markdown of a model's answer. HTML in it stays text, pictures become their description, and nothing is fetched; a link
// is followed only by hand, in a tab of its own. Loaded with the first answer.

import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import styles from "./markdown-text.module.css";

export interface MarkdownTextProps {
  readonly text: string;
}

const components: Components = {
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noreferrer noopener" title={href}>
        {children}
      </a>
    ) : (
      children
    ),
  img: ({ alt, src }) => <span>[picture: {alt || String(src ?? "")}]</span>,
  table: ({ children }) => (
    <div className={styles.scroll} role="region" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  // Headings of an answer must not stand among those of the page.
  h1: ({ children }) => <p className={styles.heading}>{children}</p>,
  h2: ({ children }) => <p className={styles.heading}>{children}</p>,
  h3: ({ children }) => <p className={styles.heading}>{children}</p>,
  h4: ({ children }) => <p className={styles.heading}>{children}</p>,
  h5: ({ children }) => <p className={styles.heading}>{children}</p>,
  h6: ({ children }) => <p className={styles.heading}>{children}</p>,
};

const plugins = [remarkGfm];

export function MarkdownText({ text }: MarkdownTextProps) {
  return (
    <div className={styles.markdown}>
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  );
}
