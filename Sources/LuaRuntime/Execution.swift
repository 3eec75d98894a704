import CLua
import CLuaShims
import RhoCore

/// A file of the user's that was loaded, with the bytes that ran.
public struct LoadedFile: Sendable {
    public let path: String
    public let bytes: [UInt8]
}

extension LuaState {
    /// Runs a script file. Modules that it requires are looked up beside it.
    public func run(file path: String) throws(LuaError) -> [LuaValue] {
        do {
            modules.root = Files.parent(of: path)
            let bytes = try loadUserFile(path)
            return try run(bytes: bytes, chunkName: "@" + path)
        } catch let error as LuaError {
            throw error
        } catch let error as RhoError {
            throw LuaError(error)
        } catch {
            throw LuaError(RhoError(.internal, "\(error)"))
        }
    }

    /// Runs source text as user code; errors show `chunkName`.
    public func run(source: String, chunkName: String = "script") throws(LuaError) -> [LuaValue] {
        try run(bytes: Array(source.utf8), chunkName: "@" + chunkName)
    }

    /// Loads an embedded or native module as `require` does, and returns its value.
    public func require(_ name: String) throws(LuaError) -> LuaValue {
        let base = lua_gettop(thread)
        do { try needStack(8) } catch { throw LuaError(error) }
        pushRaw("require") { state, L in
            try state.requireModule(name)
            return 1
        }
        return try call(arguments: 0, base: base).first ?? .nil
    }

    /// A new table, for values that scripts share with Swift.
    public func makeTable() -> LuaTable {
        rho_newtable(thread)
        return LuaTable(popping: thread, of: self)
    }

    private func run(bytes: [UInt8], chunkName: String) throws(LuaError) -> [LuaValue] {
        do { try needStack(8) } catch { throw LuaError(error) }
        let base = lua_gettop(thread)
        try load(bytes, chunkName: chunkName)
        return try call(arguments: 0, base: base)
    }

    /// Pushes the chunk as a function, or throws the syntax error.
    func load(_ bytes: [UInt8], chunkName: String) throws(LuaError) {
        let source = withoutShebang(bytes)
        let status = source.withUnsafeBytes { buffer in
            rho_load(thread, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, chunkName, "t")
        }
        if status == LUA_OK { return }
        var error = popError(status: status)
        // Lua cuts long file names; the whole one is known here.
        if error.file != nil, chunkName.hasPrefix("@") { error.file = String(chunkName.dropFirst()) }
        throw error
    }

    /// Blanks a byte order mark and a first line that starts with `#`, keeping the line count.
    private func withoutShebang(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        if rest.first == UInt8(ascii: "#") { rest = rest.drop { $0 != UInt8(ascii: "\n") } }
        return rest
    }

    /// Calls the function below `arguments` values on top of the stack; the stack is back at `base` afterwards.
    func call(arguments: Int, base: Int32) throws(LuaError) -> [LuaValue] {
        let L = thread
        if depth == 0 {
            noted = nil
            startBudget()
            if LuaState.interruptRequested { rho_request_unwind(L, Int32(RHO_UNWIND_SIGNAL)) }
        }
        depth += 1
        let status = rho_pcall(L, Int32(arguments), LUA_MULTRET)
        depth -= 1
        if status != LUA_OK {
            let error = popError(status: status)
            lua_settop(L, base)
            if depth == 0 { rho_end_unwind(L) }
            throw error
        }
        if depth == 0 { rho_end_unwind(L) }
        let top = lua_gettop(L)
        guard top > base else { return [] }
        let results = ((base + 1)...top).map { read($0) }
        lua_settop(L, base)
        return results
    }
}
