// Things that can be done with one item, behind one button.

import { Menu as Base } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import { classNames } from "./class-names";
import { Icon } from "./icon";
import { IconButton } from "./icon-button";
import styles from "./menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly danger?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly onSelect: () => void;
}

export interface MenuProps {
  /** Of the button: "More for ship-captain". */
  readonly label: string;
  readonly icon?: ReactNode;
  readonly items: readonly MenuItem[];
}

export function Menu({ label, icon, items }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={<IconButton label={label} icon={icon ?? <Icon name="more" />} />} />
      <Base.Portal>
        <Base.Positioner align="end" sideOffset={4} className={styles.positioner}>
          <Base.Popup className={styles.popup}>
            {items.map((item) => (
              <Base.Item
                key={item.label}
                className={classNames(styles.item, item.danger && styles.danger)}
                disabled={item.disabled ?? false}
                onClick={item.onSelect}
              >
                {item.icon}
                {item.label}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
