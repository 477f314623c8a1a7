// The page's first import: the engine's Worker takes over the policy that stands when it is made. The development server
// speaks to the page in ways of its own.

import { narrowPolicy } from "./connect-policy";

if (import.meta.env.PROD) narrowPolicy();
