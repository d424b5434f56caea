import { describe, expect, it } from "vitest"
import {
  type CloseFrame,
  type ClosingEvent,
  type ClosingState,
  initiator,
  open,
  transition,
  transitions
} from "../../src/control/ClosingHandshake.js"

const ours: CloseFrame = { payload: { code: 1000, reason: "done" } }

const theirs: CloseFrame = { payload: undefined }

const events: ReadonlyArray<ClosingEvent> = ["SendClose", "ReceiveClose"]

const after = (...happened: ReadonlyArray<ClosingEvent>): ClosingState | undefined =>
  happened.reduce<ClosingState | undefined>(
    (state, event) => state && transition(state, event, event === "SendClose" ? ours : theirs),
    open
  )

const state = (...happened: ReadonlyArray<ClosingEvent>): ClosingState => after(...happened) as ClosingState

describe("RFC 6455 §7.1 ClosingHandshake", () => {
  it("§7.1.2: we start it, the peer answers", () => {
    expect(state("SendClose")).toEqual({ _tag: "CloseSent", sent: ours })
    expect(state("SendClose", "ReceiveClose")).toEqual({
      _tag: "Closed",
      initiator: "local",
      sent: ours,
      received: theirs
    })
  })

  it("§5.5.1: the peer starts it, we answer", () => {
    expect(state("ReceiveClose")).toEqual({ _tag: "CloseReceived", received: theirs })
    expect(state("ReceiveClose", "SendClose")).toEqual({
      _tag: "Closed",
      initiator: "remote",
      sent: ours,
      received: theirs
    })
  })

  it("§5.5.1: no endpoint sends a second Close frame", () => {
    expect(after("SendClose", "SendClose")).toBeUndefined()
    expect(after("ReceiveClose", "ReceiveClose")).toBeUndefined()
    for (const event of events) expect(after("SendClose", "ReceiveClose", event)).toBeUndefined()
  })

  it("knows who was first", () => {
    expect(initiator(open)).toBeUndefined()
    expect(initiator(state("SendClose"))).toBe("local")
    expect(initiator(state("ReceiveClose"))).toBe("remote")
    expect(initiator(state("SendClose", "ReceiveClose"))).toBe("local")
    expect(initiator(state("ReceiveClose", "SendClose"))).toBe("remote")
  })

  it("has the diagram", () => {
    const reached: Record<ClosingState["_tag"], ClosingState> = {
      Open: open,
      CloseSent: state("SendClose"),
      CloseReceived: state("ReceiveClose"),
      Closed: state("SendClose", "ReceiveClose")
    }
    const lines = Object.values(reached).flatMap((from) =>
      events.map((event) => `${from._tag} --${event}--> ${transition(from, event, ours)?._tag ?? "not allowed"}`)
    )
    expect(Object.keys(transitions)).toEqual(Object.keys(reached))
    expect(lines).toEqual([
      "Open --SendClose--> CloseSent",
      "Open --ReceiveClose--> CloseReceived",
      "CloseSent --SendClose--> not allowed",
      "CloseSent --ReceiveClose--> Closed",
      "CloseReceived --SendClose--> Closed",
      "CloseReceived --ReceiveClose--> not allowed",
      "Closed --SendClose--> not allowed",
      "Closed --ReceiveClose--> not allowed"
    ])
  })
})
