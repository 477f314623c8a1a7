// The page's one engine.

import { createEngine } from "../engine/client";

export const engine = createEngine();
