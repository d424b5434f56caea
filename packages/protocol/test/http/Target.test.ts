import { describe, expect, it } from "vitest"
import * as Target from "../../src/http/Target.js"

describe("RFC 9112 §3.2 the parts of a target", () => {
  it.each([
    ["/", "/", ""],
    ["/chat", "/chat", ""],
    ["/chat?", "/chat", ""],
    ["/chat?room=tea", "/chat", "room=tea"],
    ["/chat?a=b?c", "/chat", "a=b?c"],
    ["/a%2Fb?%20", "/a%2Fb", "%20"],
    ["//host/chat", "//host/chat", ""],
    ["/chat?next=ws://other/", "/chat", "next=ws://other/"],
    ["ws://example.com", "/", ""],
    ["ws://example.com?a/b", "/", "a/b"],
    ["ws://example.com/", "/", ""],
    ["http://example.com:80/chat?room=tea", "/chat", "room=tea"],
    ["*", "*", ""],
    ["", "", ""]
  ])("%j: %j and %j", (target, path, query) => {
    expect([Target.path(target), Target.query(target)]).toEqual([path, query])
  })
})
