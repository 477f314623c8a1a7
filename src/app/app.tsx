// The page's frame: navigation, the state of the GPU and of the run under way, and the room that is open. A room's code
// is loaded when the room is first opened.

import { Suspense, useEffect } from "react";
import styles from "./app.module.css";
import { Toasts } from "./components/toasts";
import { GpuStatus } from "./frame/gpu-status";
import { lazyRooms, loadRooms, roomTitles } from "./frame/rooms";
import { Navigation } from "./frame/navigation";
import { PageNotices } from "./frame/page-notices";
import { RoomBoundary } from "./frame/room-boundary";
import { RunStatus } from "./frame/run-status";
import { SchemeSwitch } from "./frame/scheme-switch";
import { useStore } from "./store";

export function App() {
  const room = useStore((state) => state.room);
  const scheme = useStore((state) => state.scheme);
  const RoomContent = lazyRooms[room];

  useEffect(() => {
    document.title = `${roomTitles[room]} · Tabtune`;
    scrollTo(0, 0);
  }, [room]);
  useEffect(() => {
    if (scheme === "system") delete document.documentElement.dataset["scheme"];
    else document.documentElement.dataset["scheme"] = scheme;
  }, [scheme]);
  useEffect(loadRooms, []);

  return (
    <div className={styles.frame}>
      <a
        className={styles.skip}
        href="#content"
        onClick={(event) => {
          event.preventDefault(); // the address belongs to the rooms
          document.querySelector<HTMLElement>("#content h1")?.focus();
        }}
      >
        Skip to content
      </a>
      <header className={styles.rail}>
        <p className={styles.brand}>
          <img src="./icon.svg" alt="" width="28" height="28" />
          Tabtune
        </p>
        <Navigation />
        <div className={styles.foot}>
          <RunStatus />
          <GpuStatus />
          <SchemeSwitch />
        </div>
      </header>
      <main id="content" className={styles.content}>
        <PageNotices />
        <RoomBoundary key={room}>
          <Suspense fallback={<p className={styles.loading}>Opening {roomTitles[room]} …</p>}>
            <RoomContent />
          </Suspense>
        </RoomBoundary>
      </main>
      <Toasts />
    </div>
  );
}
