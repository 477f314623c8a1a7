// The rooms with their short state: a side rail on wide screens, a bar at the bottom on phones.

import { Icon } from "../components/icon";
import { classNames } from "../components/class-names";
import { rooms } from "../shell-slice";
import { useStore } from "../store";
import styles from "./navigation.module.css";
import { roomIcons, roomTitles } from "./rooms";
import { useRoomStates } from "./use-room-states";

export function Navigation() {
  const open = useStore((state) => state.room);
  const goTo = useStore((state) => state.goTo);
  const states = useRoomStates();
  return (
    <nav className={styles.navigation} aria-label="Rooms">
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room}>
            <a
              className={classNames(styles.link, room === open && styles.open)}
              href={`#/${room}`}
              aria-current={room === open ? "page" : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                goTo(room);
              }}
            >
              <Icon name={roomIcons[room]} />
              <span className={styles.words}>
                <span className={styles.title}>{roomTitles[room]}</span>
                {states[room] && <span className={styles.state}>{states[room]}</span>}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
