// The browser's side of the chat: its own WebSocket, no library. What people write is shown as text, never as HTML.

const byId = (id) => document.getElementById(id)
const [state, log, form, text, send] = ["state", "log", "form", "text", "send"].map(byId)

const firstDelay = 500
const longestDelay = 10_000
const mostEntries = 500

let socket
let me = ""
let delay = firstDelay

const show = (className, from, message) => {
  const entry = document.createElement("li")
  entry.className = className
  if (from !== "") {
    const name = document.createElement("b")
    name.textContent = from
    entry.append(name)
  }
  entry.append(message)
  log.append(entry)
  if (log.childElementCount > mostEntries) log.firstElementChild.remove()
  entry.scrollIntoView({ block: "end" })
}

const setOpen = (isOpen) => {
  text.disabled = send.disabled = !isOpen
  if (isOpen) text.focus()
}

const showState = (members) => {
  state.textContent = `${me} · ${members === 1 ? "nobody else is here" : `${members} people are here`}`
}

const onNews = (news) => {
  switch (news.kind) {
    case "welcome":
      me = news.you
      showState(news.members)
      break
    case "notice":
      showState(news.members)
      show("notice", "", news.text)
      break
    case "message":
      show(news.from === me ? "mine" : "theirs", news.from === me ? "" : news.from, news.text)
      break
  }
}

const connect = () => {
  const uri = new URL(`/chat${location.search}`, location.href)
  uri.protocol = uri.protocol === "https:" ? "wss:" : "ws:"
  socket = new WebSocket(uri)
  socket.onopen = () => {
    delay = firstDelay
    setOpen(true)
  }
  socket.onmessage = ({ data }) => onNews(JSON.parse(data))
  socket.onclose = ({ code }) => {
    setOpen(false)
    state.textContent = `${code === 1001 ? "the server has stopped" : `disconnected (${code})`}, trying again …`
    setTimeout(connect, delay)
    delay = Math.min(delay * 2, longestDelay)
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  if (text.value.trim() === "" || socket.readyState !== WebSocket.OPEN) return
  socket.send(text.value)
  text.value = ""
})

connect()
