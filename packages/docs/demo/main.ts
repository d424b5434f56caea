/** The commands of `npm start`. */
import { runMain } from "./runMain.js"
import { serve } from "./serve.js"
import { tour } from "./tour.js"

const usage = `npm start                   the demo: one program over memory, TCP and TLS
npm start -- serve [port]   an echo and chat server with a page for browsers, until Ctrl-C`

const isPort = (text: string): boolean => /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535

const [command, port = "0", ...more] = process.argv.slice(2)

if (command === undefined) runMain(tour, 130)
else if (command === "serve" && isPort(port) && more.length === 0) runMain(serve(Number(port)), 0)
else {
  console.error(usage)
  process.exitCode = 2
}
