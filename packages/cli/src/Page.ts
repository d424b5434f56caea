/** What `effect-ws serve` shows a browser: a page that talks to the same port. It loads nothing from elsewhere. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>effect-ws</title>
<style>body { font: 1rem system-ui; max-width: 40rem; margin: 2rem auto; } pre { white-space: pre-wrap; }</style>
<h1>effect-ws</h1>
<form><input size="40" aria-label="message" autofocus> <button>Send</button></form>
<pre role="log"></pre>
<script>
  const log = document.querySelector("pre")
  const show = (text) => log.append(text + "\\n")
  const ws = new WebSocket(location.href.replace(/^http/, "ws"))
  ws.onopen = () => show("connected")
  ws.onmessage = ({ data }) => show("< " + (typeof data === "string" ? data : data.size + " octets"))
  ws.onclose = ({ code, reason }) => show("closed with " + code + " " + reason)
  document.querySelector("form").onsubmit = (event) => {
    event.preventDefault()
    const input = document.querySelector("input")
    ws.send(input.value)
    show("> " + input.value)
    input.value = ""
  }
</script>
</html>
`
