// One row as the tokens that the model gets. Trained tokens are marked by colour and by a line below; a line break is
// shown as a sign and broken.

import { Fragment, useState } from "react";
import type { TokenizedRow } from "../../../engine/api";
import { Button } from "../../components/button";
import { classNames } from "../../components/class-names";
import { formatCount } from "../../format";
import styles from "./token-text.module.css";

export interface TokenTextProps {
  readonly row: TokenizedRow;
}

/** Shown before one asks for more: a row may have thousands. */
const FIRST_TOKENS = 300;

export function TokenText({ row: { tokens, length } }: TokenTextProps) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? tokens : tokens.slice(0, FIRST_TOKENS);
  return (
    <div className={styles.text}>
      {shown.map(({ id, text, trained }, i) => (
        <Fragment key={i}>
          <span
            className={classNames(
              styles.token,
              trained && styles.trained,
              /^<\|.*\|>$|^<\/?s>$/.test(text) && styles.control,
            )}
            title={`token ${id}${trained ? ", trained" : ""}`}
          >
            {text.replaceAll("\n", "⏎")}
          </span>
          {text.includes("\n") && <br />}
        </Fragment>
      ))}
      {shown.length < tokens.length && (
        <Button size="small" variant="quiet" onClick={() => setIsWhole(true)}>
          Show all {formatCount(tokens.length)} tokens
        </Button>
      )}
      {isWhole && tokens.length < length && (
        <p className={styles.rest}>… and {formatCount(length - tokens.length)} tokens more</p>
      )}
    </div>
  );
}
