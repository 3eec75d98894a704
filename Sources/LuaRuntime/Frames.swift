import CLua
import CLuaShims
import RhoCore

/// A frame of a Lua stack, as errors need it.
private struct Frame {
    /// Chunk name as given to the loader: `@path` for files of the user, `=name` for embedded modules and native code.
    let source: String
    /// The name that Lua's own messages use, cut to 59 bytes.
    let short: String
    let line: Int
    let what: String
    let name: String?

    var isUser: Bool { !source.hasPrefix("=") && line > 0 }

    /// The file as errors show it.
    var file: String { source.hasPrefix("@") ? String(source.dropFirst()) : short }
}

extension LuaState {
    /// Frames of one thread that are looked at; finding a frame costs its depth, and a stack overflow has 200,000.
    private static let deepest: Int32 = 200

    /// Calls `body` for every frame from the innermost outwards, through coroutines to the threads that resumed them,
    /// until it returns false.
    private func walkFrames(_ body: (Frame) -> Bool) {
        var L: OpaquePointer? = thread
        while let current = L {
            var level: Int32 = 0
            var record = lua_Debug()
            while level < Self.deepest, lua_getstack(current, level, &record) != 0 {
                lua_getinfo(current, "Sln", &record)
                let frame = Frame(
                    source: record.source.map { String(cString: $0) } ?? "=?",
                    short: withUnsafeBytes(of: record.short_src) { bytes in
                        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                    },
                    line: Int(record.currentline), what: record.what.map { String(cString: $0) } ?? "",
                    name: record.name.map { String(cString: $0) })
                if !body(frame) { return }
                level += 1
            }
            L = rho_parent_thread(current)
        }
    }

    /// File and line of the innermost frame of the user's own code.
    public func userPlace() -> (file: String, line: Int)? {
        var found: (file: String, line: Int)?
        walkFrames { frame in
            if frame.isUser { found = (frame.file, frame.line) }
            return found == nil
        }
        return found
    }

    /// Splits `file:line: message` where the prefix names a frame of the present stack.
    func position(of text: String) -> (place: (file: String, line: Int), message: String, isUser: Bool)? {
        var found: (place: (file: String, line: Int), message: String, isUser: Bool)?
        walkFrames { frame in
            let prefix = "\(frame.short):\(frame.line): "
            if frame.line > 0, text.hasPrefix(prefix) {
                found = ((frame.file, frame.line), String(text.dropFirst(prefix.count)), frame.isUser)
            }
            return found == nil
        }
        return found
    }

    /// Splits `file:line: message` by its form alone, for errors without a stack (syntax errors).
    func parsePosition(_ text: String) -> (file: String, line: Int, message: String)? {
        var rest = Substring(text)
        var file = ""
        while let colon = rest.firstIndex(of: ":") {
            file += rest[..<colon]
            let after = rest[rest.index(after: colon)...]
            let digits = after.prefix { $0.isASCII && $0.isNumber }
            if let line = Int(digits), after.dropFirst(digits.count).hasPrefix(": ") {
                return (file, line, String(after.dropFirst(digits.count + 2)))
            }
            file += ":"
            rest = after
        }
        return nil
    }

    /// The frames, one a line; those of libraries and native code only with `fullTraceback`.
    func traceback() -> String {
        var lines: [String] = []
        walkFrames { frame in
            guard fullTraceback || frame.isUser else { return true }
            if lines.count == 40 {
                lines.append("…")
                return false
            }
            let place =
                frame.line > 0 ? "\(frame.file):\(frame.line)" : "[\(frame.what == "C" ? "native" : frame.what)]"
            let function = frame.name.map { "function '\($0)'" } ?? "function"
            lines.append("\(place): in \(frame.what == "main" ? "main chunk" : function)")
            return true
        }
        return lines.joined(separator: "\n")
    }
}

extension LuaState {
    /// `file:line` of the innermost frame of the user's own code; empty outside any script.
    public var placeText: String { userPlace().map { "\($0.file):\($0.line)" } ?? "" }
}
