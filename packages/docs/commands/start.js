/**
 * `npm start`: installs if need be, and runs the demo from its TypeScript sources in this very process, so that signals
 * reach it.
 */
import { install } from "./install.js"

install()
const { register } = await import("tsx/esm/api")
register()
await import("../demo/main.ts")
