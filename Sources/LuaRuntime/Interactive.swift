import CLua
import CLuaShims
import RhoCore

extension LuaState {
    /// What became of the text typed at a prompt.
    public enum Evaluation {
        /// The text is the beginning of a longer statement.
        case incomplete
        case values([LuaValue])
    }

    /// Runs text as typed at a prompt: an expression gives its values without `return`, and `local name = ...` keeps the
    /// name, since every input is a chunk of its own.
    public func evaluate(_ text: String, chunkName: String = "input") throws(LuaError) -> Evaluation {
        do { try needStack(8) } catch { throw LuaError(error) }
        let base = lua_gettop(thread)
        do {
            try load(Array("return \(text)".utf8), chunkName: "@" + chunkName)
        } catch {
            do {
                try load(Array(Self.withoutLocal(text).utf8), chunkName: "@" + chunkName)
            } catch {
                if error.message.hasSuffix("<eof>") { return .incomplete }
                throw error
            }
        }
        return .values(try call(arguments: 0, base: base))
    }

    /// `local x = 1` and `local function f` as assignments to globals; other text as it is.
    static func withoutLocal(_ text: String) -> String {
        let head = text.drop { $0 == " " || $0 == "\t" }
        guard head.hasPrefix("local ") else { return text }
        let rest = head.dropFirst("local ".count).drop { $0 == " " }
        // Attributes (<close>) and names without a value have a meaning for locals only.
        if rest.hasPrefix("function ") { return String(rest) }
        guard let equals = rest.firstIndex(of: "="), !rest[..<equals].contains("<"), !rest[..<equals].contains("\n")
        else {
            return text
        }
        return String(rest)
    }
}

extension LuaState {
    /// A global of user code; nil where there is none.
    public func global(_ name: String) throws(RhoError) -> LuaValue {
        try needStack(4)
        rho_push_globals(thread)
        defer { rho_pop(thread, 2) }
        push(name)
        lua_rawget(thread, -2)
        return read(-1)
    }
}
