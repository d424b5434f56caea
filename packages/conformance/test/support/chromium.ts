/** Debian's Chromium, and a page whose script tells what its WebSockets do. */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { type Browser, chromium, type Page } from "playwright-core"

const executablePath = "/usr/bin/chromium"

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** Starts the browser; a machine without it fails the tests that need it. */
export const launch = (): Promise<Browser> => {
  if (!fs.existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: install Debian's package chromium to run the tests of browsers`)
  }
  return chromium.launch({ executablePath, headless: true, args })
}

/** The page which our server serves: `connect` opens a WebSocket, `tab` keeps it and what it tells. */
export const html = `<!doctype html>
<title>effect-websocket</title>
<script>
  const tab = { messages: [], wake: () => {} }

  const connect = (uri, protocols) => {
    const socket = new WebSocket(uri, protocols)
    socket.binaryType = "arraybuffer"
    socket.onmessage = ({ data }) => {
      tab.messages.push(typeof data === "string" ? data : Array.from(new Uint8Array(data)))
      tab.wake()
    }
    tab.socket = socket
    tab.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean })
    })
    return new Promise((resolve) => {
      socket.onopen = () => resolve("open")
      socket.onerror = () => resolve("error")
    })
  }

  const receive = async () => {
    while (tab.messages.length === 0) await new Promise((resolve) => { tab.wake = resolve })
    return tab.messages.shift()
  }
</script>
`

/** Evaluates an expression of JavaScript in the page. */
export const evaluate = <A>(page: Page, expression: string): Effect.Effect<A> =>
  Effect.promise(() => page.evaluate<A>(expression))

/** A tab of the browser that shows this address; it is closed at the end of the Scope. */
export const openTab = (browser: Browser, address: string) =>
  Effect.tap(
    Effect.acquireRelease(
      Effect.promise(() => browser.newPage()),
      (page) => Effect.promise(() => page.close())
    ),
    (page) => Effect.promise(() => page.goto(address))
  )
