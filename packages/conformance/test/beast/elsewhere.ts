/**
 * Beast's cases that are tests of ours already, beside what they test: the file, and words of the title.
 *
 * `elsewhere.test.ts` holds that they are there. A case that differs on purpose names its row of the page of deviations.
 */
import { differs } from "./deviations.js"

/** A case of Beast, the file and a part of the title of our test, and what is different. */
export type Elsewhere = readonly [beast: string, file: string, title: string, differs?: string]

const websocket = (name: string): string => `packages/websocket/test/${name}.test.ts`
const protocol = (name: string): string => `packages/protocol/test/${name}.test.ts`
const node = (name: string): string => `packages/node/test/${name}.test.ts`
const contract = (name: string): string => `packages/websocket/src/testing/webSocketContract/${name}.ts`

const accept = websocket("handshake/accept")
const refuse = websocket("handshake/refuse")
const request = websocket("handshake/request")
const handshake = websocket("Handshake")
const reader = websocket("connection/Reader")
const sender = websocket("connection/Sender")
const control = websocket("connection/Control")
const vigil = websocket("connection/Vigil")
const inflater = node("NodeInflater")

/** By the file of Beast in which they are. */
export const elsewhere: Readonly<Record<string, ReadonlyArray<Elsewhere>>> = {
  "accept.cpp": [
    ["failed handshake (missing Sec-WebSocket-Key)", refuse, "no Sec-WebSocket-Key"],
    [
      "testEndOfStream",
      accept,
      "before the first octet it is EndOfStream, and not answered",
      differs("an end before the first octet of a request is `closed`")
    ],
    [
      "websocket/client examples: a response of 3xx",
      "packages/conformance/test/http/client.test.ts",
      "redirects are followed, each on a connection of its own",
      differs("redirects are the application's business")
    ],
    ["abandoned operation", handshake, "of a server, at each octet of the request: nothing goes on"],
    ["syntax errors", refuse, "a request line that is none", differs("a malformed request gets no answer")],
    [
      "the fields of testMatrix, on several lines",
      accept,
      "tokens are case-insensitive, lists may be split over several fields",
      differs("only the first line of `Connection` and `Upgrade` is read")
    ],
    [
      "request in message, octets behind it",
      accept,
      "the request was read already, with the octets behind it",
      differs("`accept(request)` loses octets behind the head")
    ],
    [
      "bad Sec-WebSocket-Version, the answer",
      protocol("handshake/ServerChecks"),
      "RFC 9110 §15.5.22: a 426 names websocket",
      differs("the 426 for another version names no protocol")
    ],
    [
      "a second attempt after a failed one",
      websocket("server/requests"),
      "each attempt has its own deadline",
      differs("the timer of an attempt that failed goes on")
    ],
    ["a request of a page", accept, "RFC 6455 §10.2: origins", differs("no `Origin` check")]
  ],
  "handshake.cpp": [
    [
      "permessage-deflate offered twice",
      protocol("extension/PerMessageDeflate"),
      "a server that does not know server_max_window_bits finds an offer without it",
      differs("of two offers the first loses a last parameter without a value")
    ],
    ["handshake", handshake, "both have negotiated the same"],
    ["handshake, response", request, "S5: the whole response is there for further checks"],
    ["handshake, decorator", request, "adds fields, and sees the request as it would be sent"],
    ["doStreamLoop of these", websocket("WebSocket"), "every operation of the transport may fail"],
    ["abandoned operation", handshake, "of a client, at each octet of the response: nothing goes on"],
    ["issue 1460", request, "a head larger than one read"],
    [
      "a response with a subprotocol",
      request,
      "a subprotocol that was not offered",
      differs("the client ignores a subprotocol or extension that was not offered")
    ],
    ["a response of 1xx", request, "a client MUST skip", differs("an interim response is taken as final")],
    [
      "testExtWrite, the offer of a client",
      protocol("extension/PerMessageDeflate"),
      "RFC 7692 §7.1 the offer of a client",
      differs("an offer always shows the window bits")
    ],
    [
      "host and target with line breaks",
      request,
      "options which may not stand in a head are found before anything is sent",
      differs("the Host and the fields are written unchecked")
    ]
  ],
  "close.cpp": [
    ["X-04", control, "codes that may not be sent: BadCloseCode", differs("any close code is sent")],
    ["close with a code, and a reason", contract("closing"), "both sides know who closed, with"],
    [
      "double close",
      contract("closing"),
      "close is idempotent: a later call waits for the same end",
      differs("a second `close` fails")
    ],
    ["a ping after close is not answered", websocket("connection/Connection"), "a Ping is not answered any more"],
    ["no second Close frame", websocket("connection/Connection"), "fails the connection, without a second Close"],
    ["close with incomplete read message", reader, "our own close cuts the body: what is here, and then Closed"],
    ["testTimeout, success", contract("closing"), "both sides may close at the same time"],
    ["testTimeout, timeout", contract("losing"), "a peer that does not answer our Close is given up within the limit"]
  ],
  "ping.cpp": [
    ["inactivity timeout, pings arrive", vigil, "any octet counts, also half of a frame"],
    ["keep-alive pings", vigil, "a Ping after half of idleTimeout; one that answers lives on"],
    ["no idle ping while closing", vigil, "no Ping follows our Close (§5.5.1)"],
    ["ping_data of more than 125 octets", control, "at most 125 octets: PayloadTooLong"]
  ],
  "read1.cpp, read2.cpp, read3.cpp": [
    ["testTimeout, none", vigil, "no idleTimeout: never"],
    ["testTimeout, timeout", vigil, "silence for idleTimeout: given up, 1011, at that time and not before"],
    ["issue 2999", vigil, "a peer that closes and does not read our answer is given up after closeTimeout"],
    ["already closed", contract("closing"), "and then every receive fails the same"],
    ["ping and close callbacks", control, "all of them, in order, with payloads of their own"],
    ["issue 954, callbacks", websocket("connection/OpenWebSocket"), "nobody is called within the call"],
    [
      "issue 954, C-05",
      reader,
      "control frames stand in their place among the messages",
      differs("the callback of a Ping is called before its Pong leaves")
    ],
    [
      "the close frame that close() reads",
      control,
      "frames while closing are seen (Q23, Q24)",
      differs("a control frame that `close` reads is not told")
    ],
    ["ping, then a fragmented message", contract("flowing"), "a Ping between the fragments of a message is answered"],
    [
      "pings while nobody reads",
      reader,
      "Pings are answered, a Pong and a Close are seen, while nobody pulls",
      differs("frames are read only while a read is pending")
    ],
    ["invalid inflate block", inflater, "any octets are a message or a violation, never a throw"],
    ["inflated message size limit", inflater, "octets is delivered, one more is too big"],
    ["no_context_takeover", node("NodeCompression"), "every message comes through, whatever was agreed, in both roles"],
    [
      "issue 2879, the header of the frame",
      "packages/websocket/test/support/faults.ts",
      "a frame over maxFrameSize is known at its header",
      differs("the length of a compressed frame is not limited")
    ]
  ],
  "write.cpp": [
    ["MW-05", sender, "octets sent as text are checked", differs("octets are sent as text unchecked")],
    [
      "MW-14",
      websocket("connection/Pace"),
      "at once up to the high-water mark; above it, when everything has left",
      differs("a write completes when the system has the octets")
    ],
    ["already closed", contract("closing"), "nothing is sent after a Close frame, and the failure says so"],
    ["message, empty message", sender, "a string is text, octets are binary; empty ones too"],
    ["fragmented message, continuation, issue 300", sender, "a fragment for each chunk of the body"],
    ["mask, nomask", sender, "a client masks every frame, with a fresh key (§5.3); a server masks none"],
    ["mask (large)", sender, "larger than the shared slab, one frame or more"],
    ["mask, autofrag; nomask, autofrag", sender, "longer ones leave in fragments: opcode first"],
    [
      "two writes at a time",
      sender,
      "nobody overtakes a message that waits or has several frames",
      differs("a second write at a time is undefined behaviour")
    ],
    ["testPausationAbandoning", sender, "it is interrupted: sent or not, and the next one is"],
    ["testAsyncWriteFrame", sender, "interrupted after the first fragment: 1011"],
    ["deflate, no context takeover", node("NodeDeflater"), "however they are flushed, is the same message"]
  ],
  "cancel.cpp": [
    [
      "a read",
      reader,
      "interrupted while parked, neither a message nor half of one is lost",
      differs("a cancelled read or write leaves the stream undefined")
    ],
    ["a write", contract("flowing"), "a send that waits, and is interrupted, sends nothing; the next one does"],
    ["a ping", control, "an interrupted one makes room"],
    [
      "a close",
      contract("closing"),
      "an interrupted close stops waiting, the closing goes on",
      differs("a cancelled `close` closes the socket")
    ],
    ["doFailLoop over memory", websocket("connection/Connection"), "fails, for every n of a whole session"]
  ],
  "timer.cpp": [
    [
      "issue 1729, a timer between two reads",
      vigil,
      "while nobody pulls and reading is paused, the silence proves nothing (T-10)",
      differs("the timer may fire between two reads")
    ]
  ],
  "utf8_checker.cpp": [
    [
      "any octets, any segments",
      protocol("bytes/Utf8"),
      "finds the first bad octet of any octets, however they are cut"
    ]
  ],
  "stream_base.cpp": [
    ["kinds of decorators", accept, "decorators of the response (PARITY S3, S17)"],
    ["suggested timeouts", websocket("Limits"), "the defaults of each role"]
  ],
  "detect_ssl.cpp": [["is_tls_client_hello", protocol("bytes/TlsClientHello"), "a ClientHello of which two octets"]],
  "error.cpp": [["names and messages", websocket("WebSocketError"), "messages tell what a person needs"]],
  "_detail_prng.cpp": [
    ["masking keys", websocket("Entropy"), "masking keys are unsigned 32-bit integers"],
    ["create_mask", sender, "PARITY K-01, K-03: each frame has the next key", differs("a masking key is never 0")]
  ],
  "basic_stream.cpp": [
    [
      "simple_rate_policy",
      websocket("RateLimit"),
      "PARITY R-06: layers",
      differs("a stream with a rate policy is the lowest layer")
    ]
  ],
  "core_4_layers.cpp": [
    [
      "layers over a WebSocket",
      websocket("WebSocketTransport"),
      "PARITY L-29: a WebSocket within a WebSocket",
      differs("a WebSocket is no layer for another one")
    ]
  ],
  "ssl.cpp, teardown.cpp": [
    ["over TLS", "packages/conformance/test/contract/tls.test.ts", "TLS as a layer over TCP"],
    ["the order of the ends", "packages/websocket/src/testing/contract/ending.ts", "the server ends first"]
  ]
}
