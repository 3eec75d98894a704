import CLua
import CLuaShims
import RhoCore

// The native halves of the base library: print, require, os.exit, math.random and the helpers of the prelude.
extension LuaState {
    func installBase() throws(RhoError) {
        try needStack(16)
        let base = lua_gettop(thread)
        defer { lua_settop(thread, base) }
        rho_push_globals(thread)
        let globals = lua_gettop(thread)
        pushRaw("print") { state, L in state.write(separator: "\t", terminator: "\n") }
        setFieldFromTop(globals, "print")
        pushRaw("require") { state, L in
            guard let name = state.text(1) else {
                let given = describeForError(state.read(1))
                throw RhoError(.usage, "require: the module name must be a string, got \(given)")
            }
            try state.requireModule(name)
            return 1
        }
        setFieldFromTop(globals, "require")
        pushField(globals, "math")
        pushRaw("math.random") { state, L in try state.mathRandom() }
        setFieldFromTop(-2, "random")
        pushRaw("math.randomseed") { state, L in state.mathRandomSeed() }
        setFieldFromTop(-2, "randomseed")
        pushField(globals, "os")
        pushRaw("os.exit") { state, L in try state.exit() }
        setFieldFromTop(-2, "exit")
        pushField(globals, "package")
        pushField(-1, "loaded")
        modules.cache = LuaTable(popping: thread, of: self)
        try runPrelude()
    }

    private func runPrelude() throws(RhoError) {
        let base = lua_gettop(thread)
        defer { lua_settop(thread, base) }
        do {
            try load(Array(preludeSource.utf8), chunkName: "=rho/host.lua")
            rho_newtable(thread)
            let helpers = lua_gettop(thread)
            rho_push_metatable_table(thread, Self.errorKey)
            setFieldFromTop(helpers, "errors")
            pushRaw("io.write") { state, L in state.write(separator: "", terminator: "") }
            setFieldFromTop(helpers, "write")
            pushRaw("dofile") { state, L in
                guard let path = state.text(1) else { throw RhoError(.usage, "dofile: the path must be a string") }
                try state.push(.bytes(try state.loadUserFile(path)))
                return 1
            }
            setFieldFromTop(helpers, "read_source")
            pushRaw("") { state, L in
                throw LuaError(code: .script, message: state.display(2))
            }
            setFieldFromTop(helpers, "fail")
            let results = try call(arguments: 1, base: base)
            if case .table(let globals)? = results.first { globalsProxy = globals }
        } catch {
            throw RhoError(.internal, "the host's own Lua code failed: \(error)")
        }
    }

    /// Pushes the raw field `name` of the table at `index`.
    func pushField(_ index: Int32, _ name: String) {
        let index = lua_absindex(thread, index)
        push(name)
        lua_rawget(thread, index)
    }

    /// `print` and `io.write`: every argument as text, to the host's closure.
    private func write(separator: String, terminator: String) -> Int32 {
        let count = lua_gettop(thread)
        var text = ""
        if count > 0 {
            for index in 1...count {
                if index > 1 { text += separator }
                text += display(index)
            }
        }
        output(text + terminator)
        return 0
    }

    /// Ends the script from wherever it is: to-be-closed variables are closed, no pcall catches it.
    private func exit() throws(RhoError) -> Int32 {
        var code = 0
        switch read(1) {
        case .nil, .boolean(true): code = 0
        case .boolean(false): code = 1
        case let value:
            guard let status = value.intValue, (0...255).contains(status) else {
                throw RhoError(
                    .value, "os.exit: the status must be true, false or in [0, 255], got \(describeForError(value))")
            }
            code = status
        }
        pushErrorTable(LuaError(code: .script, message: "the script called os.exit(\(code))", exitCode: code))
        rho_begin_unwind(thread, Int32(RHO_UNWIND_EXIT))
        return Int32(RHO_RAISE)
    }

    /// The script's arguments as the global `arg`.
    func setArguments(_ arguments: [String]) throws(RhoError) {
        rho_push_globals(thread)
        try setField(-1, "arg", .list(arguments))
        rho_pop(thread, 1)
    }

    func noteStandardNames() throws(RhoError) {
        rho_push_globals(thread)
        defer { rho_pop(thread, 1) }
        try noteNames(-1, prefix: "")
        for library in ["coroutine", "debug", "io", "math", "os", "string", "table", "utf8"] {
            pushField(-1, library)
            if lua_type(thread, -1) == LUA_TTABLE { try noteNames(-1, prefix: library + ".") }
            rho_pop(thread, 1)
        }
    }

    private func noteNames(_ index: Int32, prefix: String) throws(RhoError) {
        let count = try pushSortedPairs(index)
        defer { rho_pop(thread, 1) }
        for i in 0..<count {
            lua_rawgeti(thread, -1, lua_Integer(2 * i + 1))
            lua_rawgeti(thread, -2, lua_Integer(2 * i + 2))
            defer { rho_pop(thread, 2) }
            guard lua_type(thread, -1) == LUA_TFUNCTION, let name = text(-2), let address = lua_topointer(thread, -1)
            else { continue }
            if standardNames[address] == nil { standardNames[address] = prefix + name }
        }
    }
}
