// The rooms as the frame knows them: their names for people, their icons, and how their code is loaded.

import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { IconName } from "../components/icon";
import type { RoomName } from "../shell-slice";

export const roomTitles: Readonly<Record<RoomName, string>> = {
  model: "Model",
  data: "Data",
  train: "Train",
  chat: "Chat",
  export: "Export",
  runs: "Runs",
};

export const roomIcons = {
  model: "model",
  data: "data",
  train: "train",
  chat: "chat",
  export: "export",
  runs: "runs",
} as const satisfies Record<RoomName, IconName>;

const loaders = import.meta.glob<Record<string, ComponentType>>("../features/*/*-room.tsx");

function load(room: RoomName): () => Promise<{ default: ComponentType }> {
  return async () => {
    const module = await loaders[`../features/${room}/${room}-room.tsx`]?.();
    return { default: module?.[`${roomTitles[room]}Room`] ?? (() => null) };
  };
}

export const lazyRooms: Readonly<Record<RoomName, LazyExoticComponent<ComponentType>>> = {
  model: lazy(load("model")),
  data: lazy(load("data")),
  train: lazy(load("train")),
  chat: lazy(load("chat")),
  export: lazy(load("export")),
  runs: lazy(load("runs")),
};

/** Fetches the code of all rooms once the page is idle, so that every room opens at once. */
export function loadRooms(): () => void {
  const timer = setTimeout(() => {
    for (const name of Object.keys(roomTitles) as RoomName[]) load(name)().catch(() => undefined);
  }, 2500);
  return () => clearTimeout(timer);
}
